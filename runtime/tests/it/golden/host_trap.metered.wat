;; pass 2, schedule 1, 126 -> 295 bytes, blake3 fcbcac6155edafb2522bc3284506b1cb737751fdae61495ab9a050e003f4066c
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
  (func $answer (;1;) (type 1)
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
      i64.const 24
      i64.sub
      local.tee 0
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      i32.const 0
      i32.const 0
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
  (func (;2;) (type 1)
    (local i64)
    global.get 1
    i32.const 72
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
    call $answer
    block ;; label = @1
      i32.const 0
      global.get 0
      local.set 0
      br_if 0 (;@1;)
      local.get 0
      i64.const 8
      i64.sub
      local.set 0
      local.get 0
      global.set 0
      call $answer
      global.get 0
      local.set 0
    end
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
