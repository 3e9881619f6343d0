;; pass 2, schedule 1, 130 -> 249 bytes, blake3 53747ba06915e59944dbbe6220fc5048338837b852dea33688ccafb9b9e90d26
(module
  (type (;0;) (func (param i32 i64) (result i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $divide (;0;) (type 0) (param $n i32) (param $w i64) (result i64)
    global.get 1
    i32.const 112
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 112
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 126
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    local.get $n
    i32.const 7
    i32.div_s
    local.get $n
    i32.const -1
    i32.div_u
    i32.add
    i64.extend_i32_u
    local.get $w
    i64.const 10
    i64.rem_u
    local.get $w
    i64.const -1
    i64.rem_s
    i64.add
    i64.add
  )
  (func (;1;) (type 1)
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
    global.get 0
    i64.const 28
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i32.const -100
    i64.const 12345
    call $divide
    i64.store
    global.get 1
    i32.const 88
    i32.add
    global.set 1
  )
)
