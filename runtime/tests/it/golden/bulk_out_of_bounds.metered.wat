;; pass 1, schedule 1, 66 -> 185 bytes, blake3 8cc8315f36626d38f753c3ea5fb2d0d98b0bbd90429838599eb4a67e3f78a860
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
    (local i32)
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
      i64.const 34
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i32.const 0
      i32.const 65000
      i32.const 4096
      local.set 0
      global.get 0
      local.get 0
      i64.extend_i32_u
      i64.const 7
      i64.add
      i64.const 3
      i64.shr_u
      i64.const 2
      i64.mul
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      local.get 0
      memory.copy
    end
    global.get 1
    i32.const 88
    i32.add
    global.set 1
  )
)
