;; pass 2, schedule 1, 248 -> 415 bytes, blake3 bb1d5be0e26e520e782a6d97237c87a4ca6fde2ce4d5532cff2333cf3cc74c54
(module
  (type $number (;0;) (func (result i64)))
  (type $bytes (;1;) (func (param i32 i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i64) (result i64 i64)))
  (type (;4;) (func (param i32 i32 i64) (result i64)))
  (import "coffer_1" "block_height" (func $height (;0;) (type 3)))
  (import "coffer_1" "output" (func $output (;1;) (type 4)))
  (import "coffer_1" "block_time" (func $time (;2;) (type 3)))
  (table (;0;) 4 4 funcref)
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 4))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (elem (;0;) (i32.const 0) func 6 7 5 $own)
  (func $own (;3;) (type $number) (result i64)
    global.get 1
    i32.const 72
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 72
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 14
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i64.const 9
  )
  (func (;4;) (type 2)
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
    i64.const 94
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i32.const 1
    call_indirect (type $number)
    i64.store
    i32.const 8
    i32.const 2
    call_indirect (type $number)
    i64.store
    i32.const 16
    i32.const 3
    call_indirect (type $number)
    i64.store
    i32.const 0
    i32.const 24
    i32.const 0
    call_indirect (type $bytes)
    global.get 1
    i32.const 88
    i32.add
    global.set 1
  )
  (func (;5;) (type $number) (result i64)
    global.get 0
    call $height
    global.set 0
  )
  (func (;6;) (type $bytes) (param i32 i32)
    local.get 0
    local.get 1
    global.get 0
    call $output
    global.set 0
  )
  (func (;7;) (type $number) (result i64)
    global.get 0
    call $time
    global.set 0
  )
)
