;; Division costs more than other arithmetic; by zero it traps with its own kind.
(module
  (memory (export "memory") 1)
  (func $divide (param $n i64) (result i64) (i64.rem_s (i64.div_s (i64.const 1000) (local.get $n)) (i64.const 7)))
  (func (export "call main") (drop (call $divide (i64.const 3))) (drop (call $divide (i64.const 0)))))
