;; pass 2, schedule 1, 69 -> 168 bytes, blake3 6902426722b1ba74847ee279e8b6d1eb2e8f3c05107e1b34a6cf448a296522a8
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
      local.tee 0
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        i32.const 0
        i32.load
        br_if 0 (;@2;)
        local.get 0
        i64.const 27
        i64.sub
        local.set 0
        i32.const 1
        i32.const 0
        local.get 0
        global.set 0
        i32.rem_u
        drop
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
