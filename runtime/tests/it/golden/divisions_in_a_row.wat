;; The second division finds the count written back; after a branch it must be written again.
(module
  (memory (export "memory") 1)
  (func $f (param $a i32) (param $b i32) (result i32)
    (i32.div_u (i32.div_u (local.get $a) (local.get $b)) (local.get $b))
    (if (result i32) (local.get $b) (then (i32.rem_u (local.get $a) (local.get $b))) (else (i32.const 0)))
    (i32.add))
  (func (export "call main")
    (drop (call $f (i32.const 100) (i32.const 3)))
    (drop (call $f (i32.const 100) (i32.const 0)))))
