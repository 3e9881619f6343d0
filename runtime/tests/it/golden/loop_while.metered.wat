;; pass 2, schedule 1, 133 -> 248 bytes, blake3 727d8f272ecbb7af59d9d7a194f09e7ac652efd55f1675f4bf320d9010426a1b
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
    (local $n i32) (local i64)
    global.get 1
    i32.const 88
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 88
      i32.sub
      global.set 1
      unreachable
    end
    block ;; label = @1
      global.get 0
      i64.const 17
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        i32.const 27
        local.set $n
        block ;; label = @3
          loop ;; label = @4
            local.get 1
            i64.const 7
            i64.sub
            local.tee 1
            i64.const 0
            i64.lt_s
            br_if 3 (;@1;)
            local.get $n
            i32.const 1
            i32.le_u
            br_if 1 (;@3;)
            local.get 1
            i64.const 5
            i64.sub
            local.set 1
            local.get $n
            i32.const 1
            i32.and
            if ;; label = @5
              local.get 1
              i64.const 6
              i64.sub
              local.set 1
              local.get $n
              i32.const 3
              i32.mul
              i32.const 1
              i32.add
              local.set $n
            else
              local.get 1
              i64.const 4
              i64.sub
              local.set 1
              local.get $n
              i32.const 1
              i32.shr_u
              local.set $n
            end
            local.get 1
            i64.const 2
            i64.sub
            local.set 1
            br 0 (;@4;)
          end
        end
      end
      local.get 1
      global.set 0
      return
    end
    local.get 1
    global.set 0
    unreachable
  )
)
