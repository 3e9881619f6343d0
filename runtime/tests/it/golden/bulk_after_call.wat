;; The length is charged on what a call has left.
(module
  (memory (export "memory") 1)
  (func $length (result i32) (i32.const 100))
  (func (export "call main") (memory.fill (i32.const 0) (i32.const 1) (call $length))))
