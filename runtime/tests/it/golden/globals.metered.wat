;; pass 2, schedule 1, 148 -> 222 bytes, blake3 7868f1f2d78fbe8703fbb2452f52649f92877631771c6e553b4c96a05257cc9f
(module
  (type (;0;) (func))
  (memory (;0;) 1 256)
  (global $sp (;0;) (mut i32) i32.const 65536)
  (global $wide (;1;) (mut i64) i64.const -1)
  (global (;2;) i32 i32.const 1024)
  (global (;3;) i32 i32.const 1040)
  (global (;4;) (mut i64) i64.const 0)
  (global (;5;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "__data_end" (global 2))
  (export "__heap_base" (global 3))
  (export "call main" (func 0))
  (export "coffer:gas" (global 4))
  (export "coffer:stack" (global 5))
  (func (;0;) (type 0)
    global.get 5
    i32.const 80
    i32.lt_s
    if ;; label = @1
      global.get 5
      i32.const 80
      i32.sub
      global.set 5
      unreachable
    end
    global.get 4
    i64.const 26
    i64.sub
    global.set 4
    global.get 4
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    global.get $sp
    i32.const 16
    i32.sub
    global.set $sp
    global.get $wide
    i64.const 1
    i64.add
    global.set $wide
    global.get $sp
    i32.const 16
    i32.add
    global.set $sp
  )
)
