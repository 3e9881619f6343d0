;; pass 2, schedule 1, 121 -> 280 bytes, blake3 b6a2ff0b9c7a484132b8783c846f7bfc0567ba066fb033665bd193b79b62bafe
(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $fib (;0;) (type 0) (param $n i32) (result i64)
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
    block ;; label = @1
      global.get 0
      i64.const 21
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      local.get $n
      i32.const 2
      i32.lt_u
      if (result i64) ;; label = @2
        local.get 1
        i64.const 2
        i64.sub
        local.set 1
        local.get $n
        i64.extend_i32_u
      else
        local.get 1
        i64.const 23
        i64.sub
        local.set 1
        local.get $n
        i32.const 1
        i32.sub
        local.get 1
        global.set 0
        call $fib
        local.get $n
        i32.const 2
        i32.sub
        call $fib
        i64.add
        global.get 0
        local.set 1
      end
      local.get 1
      global.set 0
      global.get 1
      i32.const 96
      i32.add
      global.set 1
      return
    end
    local.get 1
    global.set 0
    unreachable
  )
  (func (;1;) (type 1)
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
    i64.const 26
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i32.const 12
    call $fib
    i64.store
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
