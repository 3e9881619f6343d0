;; The logical stack runs out, at a depth that is the same everywhere.
(module
  (memory (export "memory") 1)
  (func $down (param $n i64) (result i64)
    (i64.add (i64.const 1) (call $down (i64.add (local.get $n) (i64.const 1)))))
  (func (export "call main") (drop (call $down (i64.const 0)))))
