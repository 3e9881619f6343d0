;; A function with many ways out, from many depths.
(module
  (memory (export "memory") 1)
  (func $digits (param $n i32) (result i32)
    (if (i32.lt_u (local.get $n) (i32.const 10)) (then (return (i32.const 1))))
    (block $more
      (if (i32.lt_u (local.get $n) (i32.const 100)) (then (return (i32.const 2))))
      (block $l
        (br_if $more (i32.gt_u (local.get $n) (i32.const 999)))
        (return (i32.const 3))))
    (drop (br_if 0 (i32.const 4) (i32.lt_u (local.get $n) (i32.const 10000))))
    (i32.const 5))
  (func (export "call main")
    (drop (call $digits (i32.const 5))) (drop (call $digits (i32.const 50))) (drop (call $digits (i32.const 500)))
    (drop (call $digits (i32.const 5000))) (drop (call $digits (i32.const 50000)))))
