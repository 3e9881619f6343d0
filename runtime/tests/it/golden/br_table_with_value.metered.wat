;; pass 2, schedule 1, 143 -> 279 bytes, blake3 129be40f2de7a329822ce5bfe22b5cbb1761bdb96b8caadc26bbfb59730ec746
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
  (func $f (;0;) (type 0) (param $n i32) (result i32)
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
      i64.const 21
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block (result i32) ;; label = @2
        block (result i32) ;; label = @3
          block (result i32) ;; label = @4
            i32.const 5
            local.get $n
            br_table 1 (;@3;) 0 (;@4;) 2 (;@2;)
          end
          local.get 1
          i64.const 2
          i64.sub
          local.set 1
          i32.const 7
          i32.mul
        end
        local.get 1
        i64.const 2
        i64.sub
        local.set 1
        i32.const 100
        i32.add
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
    i32.const 0
    call $f
    i32.store
    i32.const 4
    i32.const 1
    call $f
    i32.store
    i32.const 8
    i32.const 2
    call $f
    i32.store
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
