;; Bulk operations of growing length, whose ends overlap.
(module
  (memory (export "memory") 1)
  (func (export "call main") (local $n i32)
    (memory.fill (i32.const 0) (i32.const 7) (i32.const 1))
    (loop $again
      (memory.copy (i32.const 1) (i32.const 0) (local.get $n))
      (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 13))) (i32.const 300))))))
