;; Code that never runs is carried along and not charged.
(module
  (memory (export "memory") 1)
  (func $dead (param $n i32) (result i32)
    (block $b
      (br $b)
      (drop (i32.div_u (i32.const 1) (i32.const 0)))
      (loop $l (block (br $l)) (memory.fill (i32.const 0) (i32.const 0) (i32.const 9))))
    (if (local.get $n)
      (then (return (i32.const 1)) (drop (memory.grow (i32.const 1))))
      (else (nop)))
    (loop $forever (br_if $forever (i32.const 0)) (return (i32.const 2)))
    (i32.const 3))
  (func (export "call main")
    (drop (call $dead (i32.const 0)))
    (drop (call $dead (i32.const 1)))))
