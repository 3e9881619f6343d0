;; A function of another type than the caller says.
(module
  (memory (export "memory") 1)
  (type $a (func)) (type $b (func (param i32)))
  (table 1 1 funcref)
  (elem (i32.const 0) $f)
  (func $f (type $b))
  (func (export "call main") (call_indirect (type $a) (i32.const 0))))
