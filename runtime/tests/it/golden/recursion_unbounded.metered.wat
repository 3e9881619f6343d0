;; pass 1, schedule 1, 101 -> 232 bytes, blake3 943d70217a7b55e2db52e2f7329fa63691ec9e261d7e8065351cc2536a9f6e01
(module
  (type (;0;) (func (param i64) (result i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $down (;0;) (type 0) (param $n i64) (result i64)
    global.get 1
    i32.const 96
    i32.sub
    global.set 1
    global.get 1
    i32.const 0
    i32.lt_s
    if ;; label = @1
      unreachable
    end
    block (result i64) ;; label = @1
      global.get 0
      i64.const 29
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i64.const 1
      local.get $n
      i64.const 1
      i64.add
      call $down
      i64.add
    end
    global.get 1
    i32.const 96
    i32.add
    global.set 1
  )
  (func (;1;) (type 1)
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
    block ;; label = @1
      global.get 0
      i64.const 23
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i64.const 0
      call $down
      drop
    end
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
