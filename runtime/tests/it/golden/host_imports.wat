;; Host functions are called as they are; they pay by their own table.
(module
  (import "coffer_1" "log" (func $log (param i32 i32)))
  (import "coffer_1" "block_height" (func $height (result i64)))
  (import "coffer_1" "output" (func $output (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 32) "hello")
  (func (export "call main")
    (call $log (i32.const 32) (i32.const 5))
    (i64.store (i32.const 0) (call $height))
    (call $output (i32.const 0) (i32.const 8))))
