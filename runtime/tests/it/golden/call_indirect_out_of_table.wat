;; An index behind the end of the table.
(module
  (memory (export "memory") 1)
  (type $a (func))
  (table 1 1 funcref)
  (func $f (call_indirect (type $a) (i32.const 1)))
  (func (export "call main") (block (br_if 0 (i32.const 0)) (call $f))))
