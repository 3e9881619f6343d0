;; pass 2, schedule 1, 186 -> 341 bytes, blake3 e828e9384969377926f42cf2a0921887c3c2e6e7de39bb399db67c954a5d4116
(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $pick (;0;) (type 0) (param $n i32) (result i64)
    (local i64)
    global.get 1
    i32.const 80
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 80
      i32.sub
      global.set 1
      unreachable
    end
    block ;; label = @1
      global.get 0
      i64.const 19
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block (result i64) ;; label = @2
        block ;; label = @3
          block ;; label = @4
            block ;; label = @5
              block ;; label = @6
                local.get $n
                br_table 0 (;@6;) 1 (;@5;) 2 (;@4;) 3 (;@3;)
              end
              local.get 1
              i64.const 3
              i64.sub
              local.set 1
              i64.const 100
              br 3 (;@2;)
            end
            local.get 1
            i64.const 3
            i64.sub
            local.set 1
            i64.const 101
            br 2 (;@2;)
          end
          local.get 1
          i64.const 3
          i64.sub
          local.set 1
          i64.const 102
          br 1 (;@2;)
        end
        local.get 1
        i64.const 1
        i64.sub
        local.set 1
        i64.const -1
      end
      local.get 1
      global.set 0
      return
    end
    local.get 1
    global.set 0
    unreachable
  )
  (func (;1;) (type 1)
    (local $i i32) (local i64)
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
      i64.const 15
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        loop ;; label = @3
          local.get 1
          i64.const 20
          i64.sub
          local.tee 1
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          local.get $i
          local.get 1
          global.set 0
          call $pick
          drop
          local.get $i
          i32.const 1
          i32.add
          local.tee $i
          i32.const 6
          i32.lt_u
          global.get 0
          local.set 1
          br_if 0 (;@3;)
        end
      end
      global.get 1
      i32.const 88
      i32.add
      global.set 1
      return
    end
    local.get 1
    global.set 0
    unreachable
  )
)
