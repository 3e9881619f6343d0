;; pass 2, schedule 1, 82 -> 222 bytes, blake3 cefd3621e3254342975c6965f2946a1713e1cedd09fa1629a5dc3c275f0ad7ba
(module
  (type (;0;) (func (result i32)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $f (;0;) (type 0) (result i32)
    (local i64)
    global.get 1
    i32.const 72
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 72
      i32.sub
      global.set 1
      unreachable
    end
    block ;; label = @1
      global.get 0
      i64.const 13
      i64.sub
      local.tee 0
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block (result i32) ;; label = @2
        loop (result i32) ;; label = @3
          local.get 0
          i64.const 4
          i64.sub
          local.tee 0
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          br 0 (;@3;)
        end
      end
      unreachable
    end
    local.get 0
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
    i64.const 22
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    call $f
    drop
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
