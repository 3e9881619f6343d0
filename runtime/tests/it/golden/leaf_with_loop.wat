;; A function that calls nothing, with a loop.
(module
  (memory (export "memory") 1)
  (func $power (param $base i64) (param $exponent i32) (result i64) (local $result i64)
    (local.set $result (i64.const 1))
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get $exponent)))
        (local.set $result (i64.mul (local.get $result) (local.get $base)))
        (local.set $exponent (i32.sub (local.get $exponent) (i32.const 1)))
        (br $again)))
    (local.get $result))
  (func (export "call main") (i64.store (i32.const 0) (call $power (i64.const 3) (i32.const 20)))))
