;; pass 2, schedule 1, 109 -> 232 bytes, blake3 49dafb750cc957d89b34d9bfb49ccff44916680672df794625cf83c12238dfa9
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
    (local $i i32) (local i64 i32)
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
      i64.const 15
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        loop ;; label = @3
          local.get 1
          i64.const 512
          i64.sub
          local.tee 1
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          local.get $i
          local.set 2
          local.get 1
          local.get 2
          i64.extend_i32_u
          i64.const 30000
          i64.mul
          i64.sub
          local.tee 1
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          local.get 2
          memory.grow
          drop
          local.get $i
          i32.const 1
          i32.add
          local.tee $i
          i32.const 5
          i32.lt_u
          br_if 0 (;@3;)
          local.get 1
          i64.const 5
          i64.sub
          local.set 1
        end
        i32.const 0
        memory.size
        i32.store
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
