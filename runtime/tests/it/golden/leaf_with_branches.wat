;; A function that calls nothing, with several ways out.
(module
  (memory (export "memory") 1)
  (func $sign (param $n i64) (result i64)
    (if (i64.eqz (local.get $n)) (then (return (i64.const 0))))
    (if (result i64) (i64.lt_s (local.get $n) (i64.const 0)) (then (i64.const -1)) (else (i64.const 1))))
  (func (export "call main")
    (i64.store (i32.const 0) (call $sign (i64.const 0)))
    (i64.store (i32.const 8) (call $sign (i64.const -9)))
    (i64.store (i32.const 16) (call $sign (i64.const 9)))))
