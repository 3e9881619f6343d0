;; The one quotient that does not fit.
(module
  (memory (export "memory") 1)
  (func (export "call main")
    (i32.store (i32.const 0) (i32.const -1))
    (drop (i32.div_s (i32.const 0x80000000) (i32.load (i32.const 0))))))
