;; Calls through the table.
(module
  (type $op (func (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (table 2 2 funcref)
  (elem (i32.const 0) $add $mul)
  (func $add (type $op) (i32.add (local.get 0) (local.get 1)))
  (func $mul (type $op) (i32.mul (local.get 0) (local.get 1)))
  (func (export "call main")
    (i32.store (i32.const 0) (call_indirect (type $op) (i32.const 6) (i32.const 7) (i32.const 0)))
    (i32.store (i32.const 4) (call_indirect (type $op) (i32.const 6) (i32.const 7) (i32.const 1)))))
