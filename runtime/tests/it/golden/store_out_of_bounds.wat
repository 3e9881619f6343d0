;; A store outside of memory, in a loop.
(module
  (memory (export "memory") 1)
  (func (export "call main") (local $i i32)
    (loop $again (i64.store (local.get $i) (i64.const -1)) (local.set $i (i32.add (local.get $i) (i32.const 4096))) (br $again))))
