;; pass 1, schedule 1, 79 -> 168 bytes, blake3 39efcb7ad469c79f49b10e9c51222860e1ea944ee800ca913b35fb6aafe26a22
(module
  (type (;0;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 0))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func (;0;) (type 0)
    global.get 1
    i32.const 64
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
      i64.const 12
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      loop ;; label = @2
        global.get 0
        i64.const 4
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        br 0 (;@2;)
      end
    end
    global.get 1
    i32.const 64
    i32.add
    global.set 1
  )
)
