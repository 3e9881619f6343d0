;; pass 2, schedule 1, 91 -> 256 bytes, blake3 a3794f1bd1a392d7792e60c8353c9da604e7674e37b89a8ad74cbf3e4b507f13
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
  (func $length (;0;) (type 0) (result i32)
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
    global.get 0
    i64.const 14
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 100
  )
  (func (;1;) (type 1)
    (local i64 i32)
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
    block ;; label = @1
      global.get 0
      i64.const 41
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      block ;; label = @2
        i32.const 0
        i32.const 1
        call $length
        local.set 1
        global.get 0
        local.get 1
        i64.extend_i32_u
        i64.const 7
        i64.add
        i64.const 3
        i64.shr_u
        i64.const 2
        i64.mul
        i64.sub
        local.tee 0
        i64.const 0
        i64.lt_s
        br_if 1 (;@1;)
        local.get 1
        memory.fill
      end
      local.get 0
      global.set 0
      global.get 1
      i32.const 88
      i32.add
      global.set 1
      return
    end
    local.get 0
    global.set 0
    unreachable
  )
)
