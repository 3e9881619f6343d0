;; pass 2, schedule 1, 170 -> 277 bytes, blake3 689bd7f11dfd2ba8d856ff6031bac0245f326d668d587772a51cc2d93dcdbdde
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
    (local $state i32) (local $steps i32) (local i64)
    global.get 1
    i32.const 112
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 112
      i32.sub
      global.set 1
      unreachable
    end
    block ;; label = @1
      global.get 0
      i64.const 18
      i64.sub
      local.tee 2
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        block ;; label = @3
          loop ;; label = @4
            local.get 2
            i64.const 11
            i64.sub
            local.tee 2
            i64.const 0
            i64.lt_s
            br_if 3 (;@1;)
            local.get $steps
            i32.const 1
            i32.add
            local.set $steps
            block ;; label = @5
              block ;; label = @6
                block ;; label = @7
                  local.get $state
                  br_table 0 (;@7;) 1 (;@6;) 2 (;@5;) 4 (;@3;)
                end
                local.get 2
                i64.const 4
                i64.sub
                local.set 2
                i32.const 1
                local.set $state
                br 2 (;@4;)
              end
              local.get 2
              i64.const 9
              i64.sub
              local.set 2
              i32.const 2
              i32.const 0
              local.get $steps
              i32.const 10
              i32.gt_u
              select
              local.set $state
              br 1 (;@4;)
            end
            local.get 2
            i64.const 4
            i64.sub
            local.set 2
            i32.const 9
            local.set $state
            br 0 (;@4;)
          end
        end
        local.get 2
        i64.const 4
        i64.sub
        local.set 2
        i32.const 0
        local.get $steps
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
