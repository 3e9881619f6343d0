;; pass 2, schedule 1, 145 -> 263 bytes, blake3 c5d50ac129ccfbe668188132a9bcc21667ce9dcdfb5868e4fbde050ed17d9dea
(module
  (type (;0;) (func (param i64 i64 i32) (result i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $pick (;0;) (type 0) (param $a i64) (param $b i64) (param $which i32) (result i64)
    (local $kept i64)
    global.get 1
    i32.const 120
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 120
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 26
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
    local.get $which
    select
    local.tee $kept
    drop
    nop
    local.get $kept
  )
  (func (;1;) (type 1)
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
    i64.const 44
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i64.const 3
    i64.const 4
    i32.const 0
    call $pick
    i64.store
    i32.const 8
    i64.const 3
    i64.const 4
    i32.const 1
    call $pick
    i64.store
    global.get 1
    i32.const 96
    i32.add
    global.set 1
  )
)
