;; A divisor that is a number other than zero (and minus one, if signed) cannot trap: the count is not written back for it.
(module
  (memory (export "memory") 1)
  (func $divide (param $n i32) (param $w i64) (result i64)
    (i64.add
      (i64.extend_i32_u (i32.add (i32.div_s (local.get $n) (i32.const 7)) (i32.div_u (local.get $n) (i32.const -1))))
      (i64.add (i64.rem_u (local.get $w) (i64.const 10)) (i64.rem_s (local.get $w) (i64.const -1)))))
  (func (export "call main") (i64.store (i32.const 0) (call $divide (i32.const -100) (i64.const 12345)))))
