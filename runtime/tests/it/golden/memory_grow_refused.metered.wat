;; pass 2, schedule 1, 129 -> 285 bytes, blake3 f2161efd79d2c509d192483e05d89cea31821c29747d3e66dec988fb1e9e8dc7
(module
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32 i32 i64) (result i64)))
  (import "coffer_1" "output" (func $output (;0;) (type 2)))
  (memory (;0;) 1 2)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func (;1;) (type 1)
    (local i64 i32)
    global.get 1
    i32.const 80
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
      i64.const 1037
      i64.sub
      local.tee 0
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        i32.const 0
        i32.const 2
        local.set 1
        local.get 0
        local.get 1
        i64.extend_i32_u
        i64.const 30000
        i64.mul
        i64.sub
        local.tee 0
        i64.const 0
        i64.lt_s
        br_if 1 (;@1;)
        local.get 1
        memory.grow
        i32.store
        i32.const 4
        i32.const 1
        local.set 1
        local.get 0
        local.get 1
        i64.extend_i32_u
        i64.const 30000
        i64.mul
        i64.sub
        local.tee 0
        i64.const 0
        i64.lt_s
        br_if 1 (;@1;)
        local.get 1
        memory.grow
        i32.store
        i32.const 8
        memory.size
        i32.store
        i32.const 0
        i32.const 12
        local.get 0
        call $output
        local.set 0
      end
      local.get 0
      global.set 0
      global.get 1
      i32.const 80
      i32.add
      global.set 1
      return
    end
    local.get 0
    global.set 0
    unreachable
  )
)
