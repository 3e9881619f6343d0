;; pass 1, schedule 1, 75 -> 214 bytes, blake3 cdb16690f30cef7e5ab28e5dedf971d08eff364f8dc4623392557fa02a39226a
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
      i64.const 1022
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i32.const 0
      i32.const 255
      local.set 0
      global.get 0
      local.get 0
      i64.extend_i32_u
      i64.const 15000
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
      memory.grow
      i32.store
      i32.const 4
      i32.const 1
      local.set 0
      global.get 0
      local.get 0
      i64.extend_i32_u
      i64.const 15000
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
      memory.grow
      i32.store
    end
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
