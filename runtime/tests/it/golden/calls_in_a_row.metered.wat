;; pass 2, schedule 1, 121 -> 306 bytes, blake3 4f6592daf641b2268db84530addfc84f5a8b8022756b2745a31180bb5d2e38af
(module
  (type (;0;) (func (result i32)))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 2))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $a (;0;) (type 0) (result i32)
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
    i32.const 1
  )
  (func $b (;1;) (type 1) (param i32) (result i32)
    global.get 1
    i32.const 88
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 88
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 18
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    local.get 0
    i32.const 2
    i32.add
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
    i64.const 46
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    call $a
    call $b
    call $b
    i32.store
    i32.const 0
    i32.load
    global.get 0
    local.set 0
    if ;; label = @1
      local.get 0
      i64.const 18
      i64.sub
      local.set 0
      local.get 0
      global.set 0
      call $a
      drop
      call $a
      drop
      global.get 0
      local.set 0
    end
    local.get 0
    i64.const 9
    i64.sub
    local.set 0
    local.get 0
    global.set 0
    call $a
    drop
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
