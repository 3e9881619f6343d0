;; pass 2, schedule 1, 96 -> 173 bytes, blake3 a564de6f5614fe2abf4f9f5a9fd2d598950dd3eb8e17a938c0831b0a020c6fab
(module
  (type (;0;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func $main))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $main (;0;) (type 0)
    (local $a i32) (local $b i64)
    global.get 1
    i32.const 96
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 96
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 23
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 1
    i32.const 2
    i32.add
    local.set $a
    local.get $a
    i64.extend_i32_u
    local.set $b
  )
)
