;; Arms of different price that give a value.
(module
  (memory (export "memory") 1)
  (func $choose (param $n i32) (result i64)
    (if (result i64) (local.get $n)
      (then (i64.div_u (i64.const 1000) (i64.extend_i32_u (local.get $n))))
      (else (i64.const 0))))
  (func (export "call main")
    (i64.store (i32.const 0) (i64.add (call $choose (i32.const 0)) (call $choose (i32.const 8))))))
