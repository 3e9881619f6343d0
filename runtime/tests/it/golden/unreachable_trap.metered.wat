;; pass 1, schedule 1, 99 -> 230 bytes, blake3 15b7e1e4e9594b1b1cebfe1a6920d0a78fd885c3f83c2d460b23643d8d96189d
(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $fail (;0;) (type 0) (param $n i32)
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
      i64.const 17
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      local.get $n
      if ;; label = @2
        unreachable
      end
    end
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
  (func (;1;) (type 1)
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
    block ;; label = @1
      global.get 0
      i64.const 31
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i32.const 0
      call $fail
      i32.const 1
      call $fail
    end
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
