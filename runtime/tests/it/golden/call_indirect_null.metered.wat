;; pass 2, schedule 1, 78 -> 162 bytes, blake3 ebb3f0eefd7e6e22c38ecebfde62ae2d70bf70a43bfa6a1ab6d677a9cb98964c
(module
  (type $op (;0;) (func))
  (table (;0;) 1 funcref)
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 0))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func (;0;) (type $op)
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
    i64.const 30
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    call_indirect (type $op)
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
