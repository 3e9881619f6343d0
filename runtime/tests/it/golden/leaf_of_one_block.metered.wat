;; pass 2, schedule 1, 113 -> 231 bytes, blake3 8c96bc59b3e90ea23b6bfc6eaa0862fb10e0232dc2e95ab556c43685c833b18f
(module
  (type (;0;) (func (param i64 i64) (result i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $leaf (;0;) (type 0) (param $a i64) (param $b i64) (result i64)
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
    i64.const 21
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    local.get $a
    local.get $b
    i64.mul
    i64.const 1
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
    i64.const 37
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i64.const 2
    i64.const 3
    call $leaf
    i64.const 4
    call $leaf
    i64.store
    global.get 1
    i32.const 88
    i32.add
    global.set 1
  )
)
