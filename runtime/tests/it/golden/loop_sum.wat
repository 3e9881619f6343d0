;; A counted loop; the loop's head is charged on every pass.
(module
  (memory (export "memory") 1)
  (func (export "call main") (local $i i32) (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $i))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (i64.store (i32.const 8) (local.get $sum))))
