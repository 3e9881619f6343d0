;; pass 2, schedule 1, 117 -> 265 bytes, blake3 022c89c0d9c7c1a3678bb7499298c6e04704b7d13c237e9412d9196c583d4d68
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
    (local i64)
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
    block ;; label = @1
      global.get 0
      i64.const 18
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      local.get $n
      if (result i64) ;; label = @2
        local.get 1
        i64.const 27
        i64.sub
        local.set 1
        i64.const 1000
        local.get $n
        i64.extend_i32_u
        local.get 1
        global.set 0
        i64.div_u
      else
        local.get 1
        i64.const 1
        i64.sub
        local.set 1
        i64.const 0
      end
      local.get 1
      global.set 0
      return
    end
    local.get 1
    global.set 0
    unreachable
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
    global.get 0
    i64.const 37
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i32.const 0
    call $choose
    i32.const 8
    call $choose
    i64.add
    i64.store
    global.get 1
    i32.const 88
    i32.add
    global.set 1
  )
)
