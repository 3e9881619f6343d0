;; Gas goes through a host call in registers.
(module
  (import "coffer_1" "block_time" (func $time (result i64)))
  (import "coffer_1" "output" (func $output (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "call main") (local $i i32) (local $sum i64)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (call $time)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10))))
    (i64.store (i32.const 0) (local.get $sum))
    (call $output (i32.const 0) (i32.const 8))))
