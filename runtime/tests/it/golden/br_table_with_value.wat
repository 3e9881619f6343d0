;; A table of branches to ends that take a value, the function's own among them.
(module
  (memory (export "memory") 1)
  (func $f (param $n i32) (result i32)
    (i32.add
      (block $a (result i32)
        (i32.mul
          (block $b (result i32) (br_table $a $b 2 (i32.const 5) (local.get $n)))
          (i32.const 7)))
      (i32.const 100)))
  (func (export "call main")
    (i32.store (i32.const 0) (call $f (i32.const 0)))
    (i32.store (i32.const 4) (call $f (i32.const 1)))
    (i32.store (i32.const 8) (call $f (i32.const 2)))))
