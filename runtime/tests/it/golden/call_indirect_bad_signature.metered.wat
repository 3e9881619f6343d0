;; pass 2, schedule 1, 104 -> 222 bytes, blake3 bc330813d6ffd19a0161fe89826ee83574ac8496e1d52fa276b9c55539e35b47
(module
  (type $a (;0;) (func))
  (type $b (;1;) (func (param i32)))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (elem (;0;) (i32.const 0) func $f)
  (func $f (;0;) (type $b) (param i32)
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
    i64.const 13
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
  )
  (func (;1;) (type $a)
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
    call_indirect (type $a)
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
