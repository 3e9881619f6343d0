;; A jump table with a default, in the usual shape of a `match`.
(module
  (memory (export "memory") 1)
  (func $pick (param $n i32) (result i64)
    (block $default
      (block $two
        (block $one
          (block $zero
            (br_table $zero $one $two $default (local.get $n)))
          (return (i64.const 100)))
        (return (i64.const 101)))
      (return (i64.const 102)))
    (i64.const -1))
  (func (export "call main") (local $i i32)
    (loop $again
      (drop (call $pick (local.get $i)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 6))))))
