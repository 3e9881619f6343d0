;; An empty entry of the table traps with its own kind.
(module
  (memory (export "memory") 1)
  (table 1 funcref)
  (type $op (func))
  (func (export "call main") (call_indirect (type $op) (i32.const 0))))
