;; A table in a loop, as a state machine has.
(module
  (memory (export "memory") 1)
  (func (export "call main") (local $state i32) (local $steps i32)
    (block $done
      (loop $next
        (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
        (block $c (block $b (block $a
          (br_table $a $b $c $done (local.get $state)))
          (local.set $state (i32.const 1)) (br $next))
          (local.set $state (select (i32.const 2) (i32.const 0) (i32.gt_u (local.get $steps) (i32.const 10)))) (br $next))
        (local.set $state (i32.const 9))
        (br $next)))
    (i32.store (i32.const 0) (local.get $steps))))
