;; pass 2, schedule 1, 142 -> 375 bytes, blake3 8df6fa390625fa07481067ceac7db31d2a134d53d1d8ea9d9f323facf3a8da19
(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 2))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $even (;0;) (type 0) (param $n i32) (result i32)
    (local i64)
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
      i64.const 19
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      local.get $n
      i32.eqz
      if (result i32) ;; label = @2
        local.get 1
        i64.const 1
        i64.sub
        local.set 1
        i32.const 1
      else
        local.get 1
        i64.const 11
        i64.sub
        local.set 1
        local.get $n
        i32.const 1
        i32.sub
        local.get 1
        global.set 0
        call $odd
        global.get 0
        local.set 1
      end
      local.get 1
      global.set 0
      global.get 1
      i32.const 88
      i32.add
      global.set 1
      return
    end
    local.get 1
    global.set 0
    unreachable
  )
  (func $odd (;1;) (type 0) (param $n i32) (result i32)
    (local i64)
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
      i64.const 19
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      local.get $n
      i32.eqz
      if (result i32) ;; label = @2
        local.get 1
        i64.const 1
        i64.sub
        local.set 1
        i32.const 0
      else
        local.get 1
        i64.const 11
        i64.sub
        local.set 1
        local.get $n
        i32.const 1
        i32.sub
        local.get 1
        global.set 0
        call $even
        global.get 0
        local.set 1
      end
      local.get 1
      global.set 0
      global.get 1
      i32.const 88
      i32.add
      global.set 1
      return
    end
    local.get 1
    global.set 0
    unreachable
  )
  (func (;2;) (type 1)
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
    i64.const 26
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i32.const 101
    call $even
    i32.store
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
