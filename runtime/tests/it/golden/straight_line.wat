;; One basic block.
(module
  (memory (export "memory") 1)
  (func $main (export "call main") (local $a i32) (local $b i64)
    (local.set $a (i32.add (i32.const 1) (i32.const 2)))
    (local.set $b (i64.extend_i32_u (local.get $a)))))
