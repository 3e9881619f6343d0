;; Branches out of nested blocks; code after each `end` is a block of its own.
(module
  (memory (export "memory") 1)
  (func $depth (param $n i32) (result i32)
    (block $outer (result i32)
      (block $inner
        (block $innermost
          (br_if $innermost (i32.eqz (local.get $n)))
          (br_if $inner (i32.eq (local.get $n) (i32.const 1)))
          (br $outer (i32.const 30)))
        (br $outer (i32.const 10)))
      (i32.const 20)))
  (func (export "call main")
    (drop (call $depth (i32.const 0)))
    (drop (call $depth (i32.const 1)))
    (drop (call $depth (i32.const 2)))))
