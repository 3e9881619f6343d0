;; pass 2, schedule 1, 118 -> 237 bytes, blake3 688dceb26b59ab8bc2417fda407fcb29c63ff7366198e7574919279d5238f941
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
  (func $divide (;0;) (type 0) (param $w i64) (result i64)
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
    global.get 0
    i64.const 68
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    local.get $w
    i64.const -1
    i64.rem_s
    drop
    local.get $w
    i64.const -1
    i64.div_s
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
    global.get 0
    i64.const 33
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i64.const 5
    call $divide
    drop
    i64.const -9223372036854775808
    call $divide
    drop
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
