;; A loop whose value stays on the operand stack across the charges.
(module
  (memory (export "memory") 1)
  (func $count (param $n i32) (result i32)
    (i32.add (i32.const 5)
      (loop $again (result i32)
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))
        (i32.const 37))))
  (func (export "call main") (i32.store (i32.const 0) (call $count (i32.const 9)))))
