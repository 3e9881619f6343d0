;; pass 2, schedule 1, 149 -> 302 bytes, blake3 df77ea4884259354819908610f4b27687c44c82e180e4c6817b650c8e85edd8e
(module
  (type $op (;0;) (func (param i32 i32) (result i32)))
  (type (;1;) (func))
  (table (;0;) 2 2 funcref)
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 2))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (elem (;0;) (i32.const 0) func $add $mul)
  (func $add (;0;) (type $op) (param i32 i32) (result i32)
    global.get 1
    i32.const 96
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 96
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 19
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    local.get 0
    local.get 1
    i32.add
  )
  (func $mul (;1;) (type $op) (param i32 i32) (result i32)
    global.get 1
    i32.const 96
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 96
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 19
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    local.get 0
    local.get 1
    i32.mul
  )
  (func (;2;) (type 1)
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
    global.get 0
    i64.const 60
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i32.const 6
    i32.const 7
    i32.const 0
    call_indirect (type $op)
    i32.store
    i32.const 4
    i32.const 6
    i32.const 7
    i32.const 1
    call_indirect (type $op)
    i32.store
    global.get 1
    i32.const 96
    i32.add
    global.set 1
  )
)
