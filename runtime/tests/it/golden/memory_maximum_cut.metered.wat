;; pass 2, schedule 1, 75 -> 210 bytes, blake3 a6950195524435eb8e399707c85e8503e2cc23eb359e1d236e5e9d1a5e76c815
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
    (local i64 i32)
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
      i64.const 1022
      i64.sub
      local.tee 0
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        i32.const 0
        i32.const 255
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
      end
      local.get 0
      global.set 0
      return
    end
    local.get 0
    global.set 0
    unreachable
  )
)
