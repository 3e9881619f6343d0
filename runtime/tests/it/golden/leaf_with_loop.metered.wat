;; pass 2, schedule 1, 173 -> 314 bytes, blake3 eb043cbcee2c93dfed46b5e23ef0d84080bc8c5cd5d5bb4049fadf9cabfdca3e
(module
  (type (;0;) (func (param i64 i32) (result i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $power (;0;) (type 0) (param $base i64) (param $exponent i32) (result i64)
    (local $result i64) (local i64)
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
    block ;; label = @1
      global.get 0
      i64.const 19
      i64.sub
      local.tee 3
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block (result i64) ;; label = @2
        i64.const 1
        local.set $result
        block ;; label = @3
          loop ;; label = @4
            local.get 3
            i64.const 6
            i64.sub
            local.tee 3
            i64.const 0
            i64.lt_s
            br_if 3 (;@1;)
            local.get $exponent
            i32.eqz
            br_if 1 (;@3;)
            local.get 3
            i64.const 10
            i64.sub
            local.set 3
            local.get $result
            local.get $base
            i64.mul
            local.set $result
            local.get $exponent
            i32.const 1
            i32.sub
            local.set $exponent
            br 0 (;@4;)
          end
        end
        local.get 3
        i64.const 1
        i64.sub
        local.set 3
        local.get $result
      end
      local.get 3
      global.set 0
      return
    end
    local.get 3
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
    i64.const 28
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i64.const 3
    i32.const 20
    call $power
    i64.store
    global.get 1
    i32.const 88
    i32.add
    global.set 1
  )
)
