;; pass 1, schedule 1, 133 -> 284 bytes, blake3 14a42ab797748ae5ac4f5eb6c98f92c75fc55fcba2610fdd20f8c1d1291393d1
(module
  (type (;0;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 0))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func (;0;) (type 0)
    (local $n i32)
    global.get 1
    i32.const 88
    i32.sub
    global.set 1
    global.get 1
    i32.const 0
    i32.lt_s
    if ;; label = @1
      unreachable
    end
    block ;; label = @1
      global.get 0
      i64.const 17
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i32.const 27
      local.set $n
      block ;; label = @2
        loop ;; label = @3
          global.get 0
          i64.const 7
          i64.sub
          global.set 0
          global.get 0
          i64.const 0
          i64.lt_s
          if ;; label = @4
            unreachable
          end
          local.get $n
          i32.const 1
          i32.le_u
          br_if 1 (;@2;)
          global.get 0
          i64.const 5
          i64.sub
          global.set 0
          global.get 0
          i64.const 0
          i64.lt_s
          if ;; label = @4
            unreachable
          end
          local.get $n
          i32.const 1
          i32.and
          if ;; label = @4
            global.get 0
            i64.const 6
            i64.sub
            global.set 0
            global.get 0
            i64.const 0
            i64.lt_s
            if ;; label = @5
              unreachable
            end
            local.get $n
            i32.const 3
            i32.mul
            i32.const 1
            i32.add
            local.set $n
          else
            global.get 0
            i64.const 4
            i64.sub
            global.set 0
            global.get 0
            i64.const 0
            i64.lt_s
            if ;; label = @5
              unreachable
            end
            local.get $n
            i32.const 1
            i32.shr_u
            local.set $n
          end
          global.get 0
          i64.const 2
          i64.sub
          global.set 0
          global.get 0
          i64.const 0
          i64.lt_s
          if ;; label = @4
            unreachable
          end
          br 0 (;@3;)
        end
      end
    end
    global.get 1
    i32.const 88
    i32.add
    global.set 1
  )
)
