;; pass 2, schedule 1, 107 -> 226 bytes, blake3 50b1a3d52aea311b229e971cd45649b9e1c88c35a26c91f79d8cd89ac161ccd7
(module
  (type (;0;) (func (param i64) (result i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $divide (;0;) (type 0) (param $n i64) (result i64)
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
    i64.const 66
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i64.const 1000
    local.get $n
    i64.div_s
    i64.const 7
    i64.rem_s
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
    i64.const 33
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i64.const 3
    call $divide
    drop
    i64.const 0
    call $divide
    drop
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
