;; A copy past the end is paid in full and traps.
(module
  (memory (export "memory") 1)
  (func (export "call main") (memory.copy (i32.const 0) (i32.const 65000) (i32.const 4096))))
