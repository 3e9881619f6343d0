;; The count is written back before each call and taken up again behind it.
(module
  (memory (export "memory") 1)
  (func $next (param i64) (result i64) (i64.add (i64.mul (local.get 0) (i64.const 5)) (i64.const 3)))
  (func (export "call main") (local $i i32) (local $x i64)
    (loop $again
      (local.set $x (call $next (local.get $x)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 25))))
    (i64.store (i32.const 0) (local.get $x))))
