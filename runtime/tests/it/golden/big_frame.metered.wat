;; pass 2, schedule 1, 106 -> 224 bytes, blake3 8d627c6da365e9bc77ca72782302ad4b55cd4fe9752051fbb12984f78dde24fe
(module
  (type (;0;) (func (param i32 i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $wide (;0;) (type 0) (param i32 i64)
    (local i32 i32 i32 i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    global.get 1
    i32.const 272
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 272
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 50
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 1
    i32.const 2
    i32.const 3
    i32.const 4
    i32.const 5
    i32.const 6
    drop
    drop
    drop
    drop
    drop
    drop
  )
  (func (;1;) (type 1)
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
    i64.const 24
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 1
    i64.const 2
    call $wide
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
