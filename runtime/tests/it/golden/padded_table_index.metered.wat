;; pass 2, schedule 1, 82 -> 196 bytes, blake3 d880a12e7302c5e261836fcb2e4959e2ed4d384c899d1a5b1367185c9f1db396
(module
  (type (;0;) (func))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (elem (;0;) (i32.const 0) func 0)
  (func (;0;) (type 0)
    global.get 1
    i32.const 64
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 64
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 12
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
  )
  (func (;1;) (type 0)
    global.get 1
    i32.const 72
    i32.sub
    global.set 1
    global.get 1
    i32.const 0
    i32.lt_s
    if ;; label = @1
      unreachable
    end
    global.get 0
    i64.const 30
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    call_indirect (type 0)
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
