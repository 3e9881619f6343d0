;; A trap of the module's own: both counters stay at or above zero.
(module
  (memory (export "memory") 1)
  (func $fail (param $n i32) (if (local.get $n) (then unreachable)))
  (func (export "call main") (call $fail (i32.const 0)) (call $fail (i32.const 1))))
