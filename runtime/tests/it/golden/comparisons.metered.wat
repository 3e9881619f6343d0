;; pass 2, schedule 1, 372 -> 508 bytes, blake3 0b6e345e7b73f1e7b22ab46738a1f01ecc087b05b4028651535a77cbe42e5dd6
(module
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func (param i32 i32 i64 i64)))
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
  (func $all (;1;) (type 1) (param $32a i32) (param $32b i32) (param $64a i64) (param $64b i64)
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
    i64.const 149
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    local.get $32a
    local.get $32b
    i32.eq
    i32.store8
    i32.const 1
    local.get $32a
    local.get $32b
    i32.ne
    i32.store8
    i32.const 2
    local.get $32a
    local.get $32b
    i32.lt_s
    i32.store8
    i32.const 3
    local.get $32a
    local.get $32b
    i32.lt_u
    i32.store8
    i32.const 4
    local.get $32a
    local.get $32b
    i32.gt_s
    i32.store8
    i32.const 5
    local.get $32a
    local.get $32b
    i32.gt_u
    i32.store8
    i32.const 6
    local.get $32a
    local.get $32b
    i32.le_s
    i32.store8
    i32.const 7
    local.get $32a
    local.get $32b
    i32.le_u
    i32.store8
    i32.const 8
    local.get $32a
    local.get $32b
    i32.ge_s
    i32.store8
    i32.const 9
    local.get $32a
    local.get $32b
    i32.ge_u
    i32.store8
    i32.const 10
    local.get $32a
    i32.eqz
    i32.store8
    i32.const 11
    local.get $64a
    local.get $64b
    i64.eq
    i32.store8
    i32.const 12
    local.get $64a
    local.get $64b
    i64.ne
    i32.store8
    i32.const 13
    local.get $64a
    local.get $64b
    i64.lt_s
    i32.store8
    i32.const 14
    local.get $64a
    local.get $64b
    i64.lt_u
    i32.store8
    i32.const 15
    local.get $64a
    local.get $64b
    i64.gt_s
    i32.store8
    i32.const 16
    local.get $64a
    local.get $64b
    i64.gt_u
    i32.store8
    i32.const 17
    local.get $64a
    local.get $64b
    i64.le_s
    i32.store8
    i32.const 18
    local.get $64a
    local.get $64b
    i64.le_u
    i32.store8
    i32.const 19
    local.get $64a
    local.get $64b
    i64.ge_s
    i32.store8
    i32.const 20
    local.get $64a
    local.get $64b
    i64.ge_u
    i32.store8
    i32.const 21
    local.get $64a
    i64.eqz
    i32.store8
  )
  (func (;2;) (type 2)
    (local i64)
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
    i64.const 38
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const -1
    i32.const 1
    i64.const 5
    i64.const -5
    call $all
    i32.const 0
    i32.const 22
    global.get 0
    call $output
    local.set 0
    local.get 0
    global.set 0
    global.get 1
    i32.const 96
    i32.add
    global.set 1
  )
)
