;; pass 1, schedule 1, 121 -> 285 bytes, blake3 b66c08bbc30618365f32d87ad5621bdeb008cbde293adbd2ec725f4888cffecc
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
    block (result i64) ;; label = @1
      global.get 0
      i64.const 21
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      local.get $n
      i32.const 2
      i32.lt_u
      if (result i64) ;; label = @2
        global.get 0
        i64.const 2
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        local.get $n
        i64.extend_i32_u
      else
        global.get 0
        i64.const 23
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        local.get $n
        i32.const 1
        i32.sub
        call $fib
        local.get $n
        i32.const 2
        i32.sub
        call $fib
        i64.add
      end
    end
    global.get 1
    i32.const 96
    i32.add
    global.set 1
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
    block ;; label = @1
      global.get 0
      i64.const 26
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i32.const 0
      i32.const 12
      call $fib
      i64.store
    end
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
