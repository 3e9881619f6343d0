;; Between two calls with nothing to charge the count stays where it is.
(module
  (memory (export "memory") 1)
  (func $a (result i32) (i32.const 1))
  (func $b (param i32) (result i32) (i32.add (local.get 0) (i32.const 2)))
  (func (export "call main") (i32.store (i32.const 0) (call $b (call $b (call $a))))
    (if (i32.load (i32.const 0)) (then (drop (call $a)) (drop (call $a))))
    (drop (call $a))))
