;; pass 1, schedule 1, 133 -> 267 bytes, blake3 816a1cfac6acf357806a2613f7f8c6c211854474177fbcada7120865ab67d576
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
    (local $i i32) (local $j i32)
    global.get 1
    i32.const 96
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
      i64.const 16
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      loop ;; label = @2
        global.get 0
        i64.const 4
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        i32.const 0
        local.set $j
        loop ;; label = @3
          global.get 0
          i64.const 10
          i64.sub
          global.set 0
          global.get 0
          i64.const 0
          i64.lt_s
          if ;; label = @4
            unreachable
          end
          local.get $j
          i32.const 1
          i32.add
          local.tee $j
          i32.const 7
          i32.lt_u
          br_if 0 (;@3;)
          global.get 0
          i64.const 8
          i64.sub
          global.set 0
          global.get 0
          i64.const 0
          i64.lt_s
          if ;; label = @4
            unreachable
          end
        end
        local.get $i
        i32.const 1
        i32.add
        local.tee $i
        i32.const 5
        i32.lt_u
        br_if 0 (;@2;)
        global.get 0
        i64.const 4
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
      end
      i32.const 0
      local.get $i
      i32.store
    end
    global.get 1
    i32.const 96
    i32.add
    global.set 1
  )
)
