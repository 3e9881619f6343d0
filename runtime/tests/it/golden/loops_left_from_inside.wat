;; The inner loop leaves the outer one.
(module
  (memory (export "memory") 1)
  (func (export "call main") (local $i i32) (local $j i32)
    (block $found
      (loop $outer
        (local.set $j (i32.const 0))
        (loop $inner
          (br_if $found (i32.eq (i32.mul (local.get $i) (local.get $j)) (i32.const 42)))
          (br_if $inner (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 10))))
        (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10)))
        (unreachable)))
    (i32.store (i32.const 0) (local.get $i))
    (i32.store (i32.const 4) (local.get $j))))
