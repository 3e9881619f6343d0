;; pass 2, schedule 1, 125 -> 280 bytes, blake3 5d480438dfd47c151acaa339039dcb42dee6cb3cb0b60a57ce9f098b9ce34990
(module
  (type (;0;) (func (param i32 i32) (result i32)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $f (;0;) (type 0) (param $a i32) (param $b i32) (result i32)
    (local i64)
    global.get 1
    i32.const 104
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 104
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 71
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    local.get $a
    local.get $b
    i32.div_u
    local.get $b
    i32.div_u
    local.get $b
    global.get 0
    local.set 2
    if (result i32) ;; label = @1
      local.get 2
      i64.const 26
      i64.sub
      local.set 2
      local.get $a
      local.get $b
      local.get 2
      global.set 0
      i32.rem_u
    else
      local.get 2
      i64.const 1
      i64.sub
      local.set 2
      i32.const 0
    end
    local.get 2
    i64.const 1
    i64.sub
    local.set 2
    i32.add
    local.get 2
    global.set 0
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
    i64.const 36
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 100
    i32.const 3
    call $f
    drop
    i32.const 100
    i32.const 0
    call $f
    drop
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
