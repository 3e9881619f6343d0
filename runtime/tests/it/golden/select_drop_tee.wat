;; Operators on operands and locals alone.
(module
  (memory (export "memory") 1)
  (func $pick (param $a i64) (param $b i64) (param $which i32) (result i64) (local $kept i64)
    (drop (local.tee $kept (select (local.get $a) (local.get $b) (local.get $which))))
    (nop)
    (local.get $kept))
  (func (export "call main")
    (i64.store (i32.const 0) (call $pick (i64.const 3) (i64.const 4) (i32.const 0)))
    (i64.store (i32.const 8) (call $pick (i64.const 3) (i64.const 4) (i32.const 1)))))
