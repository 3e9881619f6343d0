;; A loop that never ends where a value is expected.
(module
  (memory (export "memory") 1)
  (func $f (result i32) (loop (result i32) (br 0)))
  (func (export "call main") (drop (call $f))))
