;; A function that calls nothing and has one basic block counts in the global and does not take its frame off the stack.
(module
  (memory (export "memory") 1)
  (func $leaf (param $a i64) (param $b i64) (result i64) (i64.add (i64.mul (local.get $a) (local.get $b)) (i64.const 1)))
  (func (export "call main") (i64.store (i32.const 0) (call $leaf (call $leaf (i64.const 2) (i64.const 3)) (i64.const 4)))))
