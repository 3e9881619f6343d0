;; pass 2, schedule 1, 117 -> 264 bytes, blake3 12914a6a6acc47f9210c881d2c0be9de4f82346d9bc79cfff2375759dcf5efff
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
    (local $n i32) (local i64 i32)
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
      i64.const 35
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        i32.const 0
        i32.const 7
        i32.const 1
        local.set 2
        local.get 1
        local.get 2
        i64.extend_i32_u
        i64.const 7
        i64.add
        i64.const 3
        i64.shr_u
        i64.const 2
        i64.mul
        i64.sub
        local.tee 1
        i64.const 0
        i64.lt_s
        br_if 1 (;@1;)
        local.get 2
        memory.fill
        loop ;; label = @3
          local.get 1
          i64.const 29
          i64.sub
          local.tee 1
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          i32.const 1
          i32.const 0
          local.get $n
          local.set 2
          local.get 1
          local.get 2
          i64.extend_i32_u
          i64.const 7
          i64.add
          i64.const 3
          i64.shr_u
          i64.const 2
          i64.mul
          i64.sub
          local.tee 1
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          local.get 2
          memory.copy
          local.get $n
          i32.const 13
          i32.add
          local.tee $n
          i32.const 300
          i32.lt_u
          br_if 0 (;@3;)
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
