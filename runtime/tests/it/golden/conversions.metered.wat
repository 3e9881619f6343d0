;; pass 2, schedule 1, 205 -> 341 bytes, blake3 41641588e6fe967d402c9922c537b4b73ceacaa6113532dc789021bace57648a
(module
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func (param i32 i64)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32 i64) (result i64)))
  (import "coffer_1" "output" (func $output (;0;) (type 3)))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 2))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $all (;1;) (type 1) (param $n i32) (param $w i64)
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
    global.get 0
    i64.const 56
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    local.get $n
    i64.extend_i32_s
    i64.store
    i32.const 8
    local.get $n
    i64.extend_i32_u
    i64.store
    i32.const 16
    local.get $w
    i64.extend8_s
    i64.store
    i32.const 24
    local.get $w
    i64.extend16_s
    i64.store
    i32.const 32
    local.get $w
    i64.extend32_s
    i64.store
    i32.const 40
    local.get $w
    i32.wrap_i64
    i32.store
    i32.const 44
    local.get $n
    i32.extend8_s
    i32.store
    i32.const 48
    local.get $n
    i32.extend16_s
    i32.store
  )
  (func (;2;) (type 2)
    (local i64)
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
    global.get 0
    i64.const 34
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 32896
    i64.const 551911719040
    call $all
    i32.const 0
    i32.const 52
    global.get 0
    call $output
    local.set 0
    local.get 0
    global.set 0
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
