;; pass 2, schedule 1, 276 -> 412 bytes, blake3 89dcd3bae9c9a6d94e913300d581aa8c91cc05678bf98fff7d54375442b4f7f4
(module
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32 i32 i64) (result i64)))
  (import "coffer_1" "output" (func $output (;0;) (type 2)))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 2))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $all (;1;) (type 0) (param $a i32) (param $b i32)
    global.get 1
    i32.const 104
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 104
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 98
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    local.get $a
    local.get $b
    i32.add
    i32.store
    i32.const 8
    local.get $a
    local.get $b
    i32.sub
    i32.store
    i32.const 16
    local.get $a
    local.get $b
    i32.mul
    i32.store
    i32.const 24
    local.get $a
    local.get $b
    i32.and
    i32.store
    i32.const 32
    local.get $a
    local.get $b
    i32.or
    i32.store
    i32.const 40
    local.get $a
    local.get $b
    i32.xor
    i32.store
    i32.const 48
    local.get $a
    local.get $b
    i32.shl
    i32.store
    i32.const 56
    local.get $a
    local.get $b
    i32.shr_s
    i32.store
    i32.const 64
    local.get $a
    local.get $b
    i32.shr_u
    i32.store
    i32.const 72
    local.get $a
    local.get $b
    i32.rotl
    i32.store
    i32.const 80
    local.get $a
    local.get $b
    i32.rotr
    i32.store
    i32.const 88
    local.get $a
    i32.clz
    i32.store
    i32.const 96
    local.get $a
    i32.ctz
    i32.store
    i32.const 104
    local.get $a
    i32.popcnt
    i32.store
  )
  (func (;2;) (type 1)
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
    i32.const -2023406815
    i32.const 13
    call $all
    i32.const 0
    i32.const 112
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
