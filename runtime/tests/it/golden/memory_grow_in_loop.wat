;; Growth is paid by page, before it happens.
(module
  (memory (export "memory") 1)
  (func (export "call main") (local $i i32)
    (loop $again
      (drop (memory.grow (local.get $i)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5))))
    (i32.store (i32.const 0) (memory.size))))
