;; Groups of locals of both types, parameters before them.
(module
  (memory (export "memory") 1)
  (func $f (param i64 i32) (result i64) (local i32 i32 i32 i64 i64 i32) (local $last i64)
    (local.set $last (i64.add (local.get 0) (i64.extend_i32_u (local.get 1))))
    (if (local.get 1) (then (local.set 5 (local.get $last))))
    (i64.add (local.get $last) (local.get 5)))
  (func (export "call main") (i64.store (i32.const 0) (call $f (i64.const 1) (i32.const 2)))))
