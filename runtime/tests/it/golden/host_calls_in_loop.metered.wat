;; pass 2, schedule 1, 193 -> 319 bytes, blake3 339fc90b8a3c44a5521c644c0f6be8ee7070617a43685dfec3fa5e45fda57b32
(module
  (type (;0;) (func (result i64)))
  (type (;1;) (func (param i32 i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i64) (result i64 i64)))
  (type (;4;) (func (param i32 i32 i64) (result i64)))
  (import "coffer_1" "block_time" (func $time (;0;) (type 3)))
  (import "coffer_1" "output" (func $output (;1;) (type 4)))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 2))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func (;2;) (type 2)
    (local $i i32) (local $sum i64) (local i64)
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
    block ;; label = @1
      global.get 0
      i64.const 16
      i64.sub
      local.tee 2
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        loop ;; label = @3
          local.get 2
          i64.const 21
          i64.sub
          local.tee 2
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          local.get $sum
          local.get 2
          call $time
          local.set 2
          i64.add
          local.set $sum
          local.get $i
          i32.const 1
          i32.add
          local.tee $i
          i32.const 10
          i32.lt_u
          br_if 0 (;@3;)
          local.get 2
          i64.const 14
          i64.sub
          local.set 2
        end
        i32.const 0
        local.get $sum
        i64.store
        i32.const 0
        i32.const 8
        local.get 2
        call $output
        local.set 2
      end
      local.get 2
      global.set 0
      global.get 1
      i32.const 96
      i32.add
      global.set 1
      return
    end
    local.get 2
    global.set 0
    unreachable
  )
)
