;; pass 2, schedule 1, 161 -> 277 bytes, blake3 785ddcfb352ee3b84c8a51135649185d797c0136a56707e6c03a11384ad7048c
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
    (local $i i32) (local $j i32) (local i64)
    global.get 1
    i32.const 96
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 96
      i32.sub
      global.set 1
      unreachable
    end
    block ;; label = @1
      global.get 0
      i64.const 16
      i64.sub
      local.tee 2
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        block ;; label = @3
          loop ;; label = @4
            local.get 2
            i64.const 4
            i64.sub
            local.tee 2
            i64.const 0
            i64.lt_s
            br_if 3 (;@1;)
            i32.const 0
            local.set $j
            loop ;; label = @5
              local.get 2
              i64.const 9
              i64.sub
              local.tee 2
              i64.const 0
              i64.lt_s
              br_if 4 (;@1;)
              local.get $i
              local.get $j
              i32.mul
              i32.const 42
              i32.eq
              br_if 2 (;@3;)
              local.get 2
              i64.const 8
              i64.sub
              local.set 2
              local.get $j
              i32.const 1
              i32.add
              local.tee $j
              i32.const 10
              i32.lt_u
              br_if 0 (;@5;)
              local.get 2
              i64.const 8
              i64.sub
              local.set 2
            end
            local.get $i
            i32.const 1
            i32.add
            local.tee $i
            i32.const 10
            i32.lt_u
            br_if 0 (;@4;)
            local.get 2
            global.set 0
            unreachable
          end
        end
        local.get 2
        i64.const 8
        i64.sub
        local.set 2
        i32.const 0
        local.get $i
        i32.store
        i32.const 4
        local.get $j
        i32.store
      end
      local.get 2
      global.set 0
      return
    end
    local.get 2
    global.set 0
    unreachable
  )
)
