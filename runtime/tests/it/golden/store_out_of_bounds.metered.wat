;; pass 2, schedule 1, 102 -> 189 bytes, blake3 76e5a9db66c0b2bb7cd6ddc1da5f66280bb00dbadd561efb8057e75c8438fb6a
(module
  (type (;0;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 0))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func (;0;) (type 0)
    (local $i i32) (local i64)
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
      i64.const 15
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        loop ;; label = @3
          local.get 1
          i64.const 12
          i64.sub
          local.tee 1
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          local.get $i
          i64.const -1
          i64.store
          local.get $i
          i32.const 4096
          i32.add
          local.set $i
          br 0 (;@3;)
        end
      end
      unreachable
    end
    local.get 1
    global.set 0
    unreachable
  )
)
