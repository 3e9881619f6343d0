;; `return` inside of nested blocks, loops and ifs becomes a branch to the end.
(module
  (memory (export "memory") 1)
  (func $find (param $n i32) (result i32) (local $i i32)
    (block $out
      (loop $again
        (if (i32.eq (local.get $i) (local.get $n))
          (then (block (if (i32.gt_u (local.get $i) (i32.const 3)) (then (return (i32.const 1000))))
            (return (local.get $i)))))
        (br_if $out (i32.eq (local.get $i) (i32.const 8)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))
    (return (i32.const -1)))
  (func (export "call main")
    (drop (call $find (i32.const 0)))
    (drop (call $find (i32.const 5)))
    (drop (call $find (i32.const 99)))))
