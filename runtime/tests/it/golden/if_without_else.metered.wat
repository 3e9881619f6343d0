;; pass 2, schedule 1, 128 -> 286 bytes, blake3 a93a69525afc19da3e0810416ed1cc820670f3a27186d3f2822c68f238a4860b
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
      i64.const 20
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      local.get $n
      i32.const 10
      i32.gt_s
      if ;; label = @2
        local.get 1
        i64.const 2
        i64.sub
        local.set 1
        i32.const 10
        local.set $n
      end
      local.get 1
      i64.const 5
      i64.sub
      local.set 1
      local.get $n
      i32.const 0
      i32.lt_s
      if ;; label = @2
        local.get 1
        i64.const 2
        i64.sub
        local.set 1
        i32.const 0
        local.set $n
      end
      local.get 1
      i64.const 1
      i64.sub
      local.set 1
      local.get $n
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
    i32.const -5
    call $clamp
    drop
    i32.const 5
    call $clamp
    drop
    i32.const 50
    call $clamp
    drop
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
