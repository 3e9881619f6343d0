;; pass 2, schedule 1, 157 -> 279 bytes, blake3 53eda13c754ae75c9dec9564d974e24f849c0b7c17125baae67702c09a48373c
(module
  (type $t (;0;) (func (result i32)))
  (type (;1;) (func (param i32) (result i64)))
  (type (;2;) (func))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $f (;0;) (type 1) (param $n i32) (result i64)
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
      block (result i64) ;; label = @2
        local.get $n
        if ;; label = @3
          local.get 1
          i64.const 3
          i64.sub
          local.set 1
          i64.const 1
          br 1 (;@2;)
        end
        local.get 1
        i64.const 3
        i64.sub
        local.set 1
        block (result i64) ;; label = @3
          i64.const 2
          br 1 (;@2;)
        end
        unreachable
      end
      local.get 1
      global.set 0
      return
    end
    local.get 1
    global.set 0
    unreachable
  )
  (func (;1;) (type 2)
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
    i64.const 38
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
    block (result i32) ;; label = @1
      unreachable
    end
    unreachable
  )
)
