;; pass 2, schedule 1, 163 -> 291 bytes, blake3 55622c0f852233591cc09aefeb81520d5c5426632bba76954c76f1faf6df1d9c
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
  (func $depth (;0;) (type 0) (param $n i32) (result i32)
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
      block (result i32) ;; label = @2
        block ;; label = @3
          block ;; label = @4
            local.get $n
            i32.eqz
            br_if 0 (;@4;)
            local.get 1
            i64.const 5
            i64.sub
            local.set 1
            local.get $n
            i32.const 1
            i32.eq
            br_if 1 (;@3;)
            local.get 1
            i64.const 3
            i64.sub
            local.set 1
            i32.const 30
            br 2 (;@2;)
          end
          local.get 1
          i64.const 3
          i64.sub
          local.set 1
          i32.const 10
          br 1 (;@2;)
        end
        local.get 1
        i64.const 1
        i64.sub
        local.set 1
        i32.const 20
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
    i64.const 43
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    call $depth
    drop
    i32.const 1
    call $depth
    drop
    i32.const 2
    call $depth
    drop
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
