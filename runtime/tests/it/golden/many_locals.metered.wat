;; pass 2, schedule 1, 128 -> 272 bytes, blake3 5582af5bd99364eef8e0052f42b7b53bc169e163aa6133f3dc812f4cd01e0ce1
(module
  (type (;0;) (func (param i64 i32) (result i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $f (;0;) (type 0) (param i64 i32) (result i64)
    (local i32 i32 i32 i64 i64 i32) (local $last i64) (local i64)
    global.get 1
    i32.const 152
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 152
      i32.sub
      global.set 1
      unreachable
    end
    block ;; label = @1
      global.get 0
      i64.const 31
      i64.sub
      local.tee 9
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      local.get 0
      local.get 1
      i64.extend_i32_u
      i64.add
      local.set $last
      local.get 1
      if ;; label = @2
        local.get 9
        i64.const 2
        i64.sub
        local.set 9
        local.get $last
        local.set 5
      end
      local.get 9
      i64.const 3
      i64.sub
      local.set 9
      local.get $last
      local.get 5
      i64.add
      local.get 9
      global.set 0
      return
    end
    local.get 9
    global.set 0
    unreachable
  )
  (func (;1;) (type 1)
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
    i64.const 28
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i64.const 1
    i32.const 2
    call $f
    i64.store
    global.get 1
    i32.const 88
    i32.add
    global.set 1
  )
)
