;; Branches that carry a value to the end of their block.
(module
  (memory (export "memory") 1)
  (func $f (param $n i32) (result i64)
    (i64.add
      (block $out (result i64)
        (drop (br_if $out (i64.const 10) (i32.eqz (local.get $n))))
        (drop (br_if $out (i64.const 20) (i32.eq (local.get $n) (i32.const 1))))
        (i64.const 30))
      (i64.const 1)))
  (func (export "call main")
    (i64.store (i32.const 0) (call $f (i32.const 0)))
    (i64.store (i32.const 8) (call $f (i32.const 1)))
    (i64.store (i32.const 16) (call $f (i32.const 2)))))
