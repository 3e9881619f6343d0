;; pass 2, schedule 1, 73 -> 150 bytes, blake3 ae8a65ef769a3a195aef81c917c66a51b4f73e0b5d3878dd535286d899754129
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
    i64.const 47
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i32.const -1
    i32.store
    i32.const -2147483648
    i32.const 0
    i32.load
    i32.div_s
    drop
  )
)
