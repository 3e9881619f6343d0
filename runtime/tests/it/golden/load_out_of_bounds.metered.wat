;; pass 2, schedule 1, 87 -> 205 bytes, blake3 3d59f42b0a70a03c3bddc1b15887f14d4fc07062c84d617cfc1e1a910f7f1b4c
(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $f (;0;) (type 0) (param i32) (result i32)
    global.get 1
    i32.const 80
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 80
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 17
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    local.get 0
    i32.load offset=65533
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
    global.get 0
    i64.const 23
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    call $f
    drop
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
