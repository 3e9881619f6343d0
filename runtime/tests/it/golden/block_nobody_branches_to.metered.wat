;; pass 2, schedule 1, 80 -> 157 bytes, blake3 199431ad4255845c36e6bccbca12647df03042627c116602b2eb20db8cf297b0
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
    global.get 0
    i64.const 26
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    block ;; label = @1
      i32.const 0
      i32.const 1
      i32.store
      block ;; label = @2
        i32.const 4
        i32.const 2
        i32.store
      end
    end
    i32.const 8
    i32.const 3
    i32.store
  )
)
