;; pass 2, schedule 1, 141 -> 289 bytes, blake3 153bfbd7ffb0a9f301bda396d0b60939fc7e58c94c20a20f5aa4de2e16430f10
(module
  (type (;0;) (func (param i64) (result i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $next (;0;) (type 0) (param i64) (result i64)
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
    global.get 0
    i64.const 20
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    local.get 0
    i64.const 5
    i64.mul
    i64.const 3
    i64.add
  )
  (func (;1;) (type 1)
    (local $i i32) (local $x i64) (local i64)
    global.get 1
    i32.const 96
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
      local.tee 2
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        loop ;; label = @3
          local.get 2
          i64.const 20
          i64.sub
          local.tee 2
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          local.get $x
          local.get 2
          global.set 0
          call $next
          local.set $x
          local.get $i
          i32.const 1
          i32.add
          local.tee $i
          i32.const 25
          i32.lt_u
          global.get 0
          local.set 2
          br_if 0 (;@3;)
          local.get 2
          i64.const 4
          i64.sub
          local.set 2
        end
        i32.const 0
        local.get $x
        i64.store
      end
      local.get 2
      global.set 0
      global.get 1
      i32.const 96
      i32.add
      global.set 1
      return
    end
    local.get 2
    global.set 0
    unreachable
  )
)
