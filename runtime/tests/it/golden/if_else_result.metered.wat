;; pass 1, schedule 1, 117 -> 281 bytes, blake3 4c60daa9ab42915d463d6df308dcbf3294798030bb84f7167034e93291eaa892
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
  (func $choose (;0;) (type 0) (param $n i32) (result i64)
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
    block (result i64) ;; label = @1
      global.get 0
      i64.const 18
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      local.get $n
      if (result i64) ;; label = @2
        global.get 0
        i64.const 27
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        i64.const 1000
        local.get $n
        i64.extend_i32_u
        i64.div_u
      else
        global.get 0
        i64.const 1
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        i64.const 0
      end
    end
    global.get 1
    i32.const 88
    i32.add
    global.set 1
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
    block ;; label = @1
      global.get 0
      i64.const 37
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i32.const 0
      i32.const 0
      call $choose
      i32.const 8
      call $choose
      i64.add
      i64.store
    end
    global.get 1
    i32.const 88
    i32.add
    global.set 1
  )
)
