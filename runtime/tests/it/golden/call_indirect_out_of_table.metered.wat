;; pass 2, schedule 1, 97 -> 249 bytes, blake3 fbefd94897374873ec30ac7295e29da67d0fdcda64f62231ca9480e8792574e0
(module
  (type $a (;0;) (func))
  (table (;0;) 1 1 funcref)
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $f (;0;) (type $a)
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
    i64.const 30
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 1
    call_indirect (type $a)
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
  (func (;1;) (type $a)
    (local i64)
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
    block ;; label = @1
      global.get 0
      i64.const 16
      i64.sub
      local.tee 0
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        i32.const 0
        br_if 0 (;@2;)
        local.get 0
        i64.const 8
        i64.sub
        local.set 0
        local.get 0
        global.set 0
        call $f
        global.get 0
        local.set 0
      end
      local.get 0
      global.set 0
      global.get 1
      i32.const 72
      i32.add
      global.set 1
      return
    end
    local.get 0
    global.set 0
    unreachable
  )
)
