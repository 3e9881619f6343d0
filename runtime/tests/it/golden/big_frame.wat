;; A large frame costs by its size on entry.
(module
  (memory (export "memory") 1)
  (func $wide (param i32 i64) (local i32 i32 i32 i32 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) (i32.const 6)
    drop drop drop drop drop drop)
  (func (export "call main") (call $wide (i32.const 1) (i64.const 2))))
