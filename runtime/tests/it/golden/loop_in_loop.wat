;; The end of the inner loop is no target of a branch, so the code behind it belongs to the block before.
(module
  (memory (export "memory") 1)
  (func (export "call main") (local $i i32) (local $j i32)
    (loop $outer
      (local.set $j (i32.const 0))
      (loop $inner
        (br_if $inner (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 7))))
      (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5))))
    (i32.store (i32.const 0) (local.get $i))))
