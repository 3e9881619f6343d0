;; A signed division by minus one may overflow; a remainder may not.
(module
  (memory (export "memory") 1)
  (func $divide (param $w i64) (result i64)
    (drop (i64.rem_s (local.get $w) (i64.const -1)))
    (i64.div_s (local.get $w) (i64.const -1)))
  (func (export "call main")
    (drop (call $divide (i64.const 5)))
    (drop (call $divide (i64.const 0x8000000000000000)))))
