;; pass 1, schedule 1, 128 -> 325 bytes, blake3 5f6b1c9c84dadeaa851fa84d2fa1bc0a65dc16472c057722deefbff5ad958843
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
  (func $clamp (;0;) (type 0) (param $n i32) (result i32)
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
    block (result i32) ;; label = @1
      global.get 0
      i64.const 20
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      local.get $n
      i32.const 10
      i32.gt_s
      if ;; label = @2
        global.get 0
        i64.const 2
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        i32.const 10
        local.set $n
      end
      global.get 0
      i64.const 5
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      local.get $n
      i32.const 0
      i32.lt_s
      if ;; label = @2
        global.get 0
        i64.const 2
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        i32.const 0
        local.set $n
      end
      global.get 0
      i64.const 1
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      local.get $n
    end
    global.get 1
    i32.const 88
    i32.add
    global.set 1
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
    block ;; label = @1
      global.get 0
      i64.const 43
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i32.const -5
      call $clamp
      drop
      i32.const 5
      call $clamp
      drop
      i32.const 50
      call $clamp
      drop
    end
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
