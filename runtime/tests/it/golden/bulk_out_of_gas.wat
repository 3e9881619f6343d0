;; A length that nobody can pay is refused before a byte moves.
(module
  (memory (export "memory") 1)
  (func (export "call main") (memory.fill (i32.const 0) (i32.const 1) (i32.const -1))))
