;; A divisor of zero always traps; the count stands before it does.
(module
  (memory (export "memory") 1)
  (func (export "call main") (block (br_if 0 (i32.load (i32.const 0))) (drop (i32.rem_u (i32.const 1) (i32.const 0))))))
