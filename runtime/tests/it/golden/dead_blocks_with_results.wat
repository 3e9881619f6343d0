;; What follows a block that never ends is left out, whatever it would have taken from the stack.
(module
  (memory (export "memory") 1)
  (func $f (param $n i32) (result i64)
    (if (local.get $n) (then (return (i64.const 1))))
    (i64.add
      (block (result i64) (return (i64.const 2)))
      (if (result i64) (i32.const 1) (then (i64.const 3)) (else (loop (result i64) (br 0))))))
  (func (export "call main")
    (i64.store (i32.const 0) (call $f (i32.const 0)))
    (i64.store (i32.const 8) (call $f (i32.const 1)))
    (drop (i32.add (block (result i32) (unreachable)) (call_indirect (type $t) (i32.const 0)))))
  (type $t (func (result i32)))
  (table 1 1 funcref))
