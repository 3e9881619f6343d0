;; pass 2, schedule 1, 135 -> 297 bytes, blake3 941f073ac24104c704dff45190fef36630016d838cffabe310065056ac104dd5
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
  (func $sign (;0;) (type 0) (param $n i64) (result i64)
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
      i64.const 19
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block (result i64) ;; label = @2
        local.get $n
        i64.eqz
        if ;; label = @3
          local.get 1
          i64.const 3
          i64.sub
          local.set 1
          i64.const 0
          br 1 (;@2;)
        end
        local.get 1
        i64.const 5
        i64.sub
        local.set 1
        local.get $n
        i64.const 0
        i64.lt_s
        if (result i64) ;; label = @3
          local.get 1
          i64.const 1
          i64.sub
          local.set 1
          i64.const -1
        else
          local.get 1
          i64.const 1
          i64.sub
          local.set 1
          i64.const 1
        end
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
    i64.const 50
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i64.const 0
    call $sign
    i64.store
    i32.const 8
    i64.const -9
    call $sign
    i64.store
    i32.const 16
    i64.const 9
    call $sign
    i64.store
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
