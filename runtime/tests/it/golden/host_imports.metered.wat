;; pass 2, schedule 1, 185 -> 305 bytes, blake3 d56bb1745efb99cc23bf02b4bf1b74ef768adb7165ebd2c0f33643d5d4652762
(module
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func (result i64)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32 i64) (result i64)))
  (type (;4;) (func (param i64) (result i64 i64)))
  (import "coffer_1" "log" (func $log (;0;) (type 3)))
  (import "coffer_1" "block_height" (func $height (;1;) (type 4)))
  (import "coffer_1" "output" (func $output (;2;) (type 3)))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 3))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func (;3;) (type 2)
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
    block ;; label = @1
      global.get 0
      i64.const 45
      i64.sub
      local.tee 0
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      i32.const 32
      i32.const 5
      local.get 0
      call $log
      local.set 0
      i32.const 0
      local.get 0
      call $height
      local.set 0
      i64.store
      i32.const 0
      i32.const 8
      local.get 0
      call $output
      local.set 0
      local.get 0
      global.set 0
      global.get 1
      i32.const 80
      i32.add
      global.set 1
      return
    end
    local.get 0
    global.set 0
    unreachable
  )
  (data (;0;) (i32.const 32) "hello")
)
