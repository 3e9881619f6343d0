;; pass 2, schedule 1, 146 -> 287 bytes, blake3 350cea5dc3a6efb3255e7a4b498a4a8e5dee1207db2f892216d0e311cf4aa4e9
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
  (func $f (;0;) (type 0) (param $n i32) (result i64)
    (local i64)
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
    block ;; label = @1
      global.get 0
      i64.const 21
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block (result i64) ;; label = @2
        i64.const 10
        local.get $n
        i32.eqz
        br_if 0 (;@2;)
        local.get 1
        i64.const 7
        i64.sub
        local.set 1
        drop
        i64.const 20
        local.get $n
        i32.const 1
        i32.eq
        br_if 0 (;@2;)
        local.get 1
        i64.const 2
        i64.sub
        local.set 1
        drop
        i64.const 30
      end
      local.get 1
      i64.const 2
      i64.sub
      local.set 1
      i64.const 1
      i64.add
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
    i32.const 0
    call $f
    i64.store
    i32.const 8
    i32.const 1
    call $f
    i64.store
    i32.const 16
    i32.const 2
    call $f
    i64.store
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
