;; A load outside of memory: the one trap after which there is no count.
(module
  (memory (export "memory") 1)
  (func $f (param i32) (result i32) (i32.load offset=65533 (local.get 0)))
  (func (export "call main") (drop (call $f (i32.const 0))) ))
