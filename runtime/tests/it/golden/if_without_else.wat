;; Both ways through an `if` that has no `else`.
(module
  (memory (export "memory") 1)
  (func $clamp (param $n i32) (result i32)
    (if (i32.gt_s (local.get $n) (i32.const 10)) (then (local.set $n (i32.const 10))))
    (if (i32.lt_s (local.get $n) (i32.const 0)) (then (local.set $n (i32.const 0))))
    (local.get $n))
  (func (export "call main")
    (drop (call $clamp (i32.const -5)))
    (drop (call $clamp (i32.const 5)))
    (drop (call $clamp (i32.const 50)))))
