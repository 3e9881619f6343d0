;; pass 2, schedule 1, 162 -> 350 bytes, blake3 0ae2659953fd32d8f614ceb0f24999fe8bd13576b964d545d4cf9193c6185176
(module
  (type (;0;) (func (param i32)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $move (;0;) (type 0) (param $len i32)
    (local $keep i64) (local i64 i32)
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
      i64.const 55
      i64.sub
      local.tee 2
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        i32.const 1024
        i32.const 16
        local.get $len
        local.set 3
        local.get 2
        local.get 3
        i64.extend_i32_u
        i64.const 7
        i64.add
        i64.const 3
        i64.shr_u
        i64.const 2
        i64.mul
        i64.sub
        local.tee 2
        i64.const 0
        i64.lt_s
        br_if 1 (;@1;)
        local.get 3
        memory.copy
        i32.const 2048
        i32.const 255
        local.get $len
        local.set 3
        local.get 2
        local.get 3
        i64.extend_i32_u
        i64.const 7
        i64.add
        i64.const 3
        i64.shr_u
        i64.const 2
        i64.mul
        i64.sub
        local.tee 2
        i64.const 0
        i64.lt_s
        br_if 1 (;@1;)
        local.get 3
        memory.fill
      end
      local.get 2
      global.set 0
      return
    end
    local.get 2
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
    i64.const 58
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    call $move
    i32.const 1
    call $move
    i32.const 8
    call $move
    i32.const 9
    call $move
    i32.const 4096
    call $move
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
  (data (;0;) (i32.const 16) "0123456789abcdef")
)
