;; pass 2, schedule 1, 79 -> 164 bytes, blake3 95780c38e6cc90f4e4dc57df618ef7345d505ef05cbdc6547631f4fc66621cf9
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
    (local i64)
    global.get 1
    i32.const 64
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 64
      i32.sub
      global.set 1
      unreachable
    end
    block ;; label = @1
      global.get 0
      i64.const 12
      i64.sub
      local.tee 0
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        loop ;; label = @3
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
)
