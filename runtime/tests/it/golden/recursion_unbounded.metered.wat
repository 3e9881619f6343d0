;; pass 2, schedule 1, 101 -> 226 bytes, blake3 c5391c892fe0c6b15eaf0b38d039d08e9b6c375d79a6ba7c198f438be1fe0762
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
    global.get 0
    i64.const 29
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i64.const 1
    local.get $n
    i64.const 1
    i64.add
    call $down
    i64.add
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
    global.get 0
    i64.const 23
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i64.const 0
    call $down
    drop
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
