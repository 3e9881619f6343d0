;; pass 2, schedule 1, 286 -> 422 bytes, blake3 8baa1f4701c4df54ba36eb179161ccd464e203dbfd82ba52d45e49e8f3aea386
(module
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func (param i64 i64)))
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
  (func $all (;1;) (type 1) (param $a i64) (param $b i64)
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
    i64.add
    i64.store
    i32.const 8
    local.get $a
    local.get $b
    i64.sub
    i64.store
    i32.const 16
    local.get $a
    local.get $b
    i64.mul
    i64.store
    i32.const 24
    local.get $a
    local.get $b
    i64.and
    i64.store
    i32.const 32
    local.get $a
    local.get $b
    i64.or
    i64.store
    i32.const 40
    local.get $a
    local.get $b
    i64.xor
    i64.store
    i32.const 48
    local.get $a
    local.get $b
    i64.shl
    i64.store
    i32.const 56
    local.get $a
    local.get $b
    i64.shr_s
    i64.store
    i32.const 64
    local.get $a
    local.get $b
    i64.shr_u
    i64.store
    i32.const 72
    local.get $a
    local.get $b
    i64.rotl
    i64.store
    i32.const 80
    local.get $a
    local.get $b
    i64.rotr
    i64.store
    i32.const 88
    local.get $a
    i64.clz
    i64.store
    i32.const 96
    local.get $a
    i64.ctz
    i64.store
    i32.const 104
    local.get $a
    i64.popcnt
    i64.store
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
    i64.const -8690466094656961759
    i64.const 45
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
