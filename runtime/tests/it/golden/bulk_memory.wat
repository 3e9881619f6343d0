;; Copies and fills are charged by length, before they run.
(module
  (memory (export "memory") 1)
  (data (i32.const 16) "0123456789abcdef")
  (func $move (param $len i32) (local $keep i64)
    (memory.copy (i32.const 1024) (i32.const 16) (local.get $len))
    (memory.fill (i32.const 2048) (i32.const 255) (local.get $len)))
  (func (export "call main")
    (call $move (i32.const 0))
    (call $move (i32.const 1))
    (call $move (i32.const 8))
    (call $move (i32.const 9))
    (call $move (i32.const 4096))))
