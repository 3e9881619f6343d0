;; A module without functions of its own whose table holds a host function.
(module
  (import "coffer_1" "block_height" (func $height (result i64)))
  (memory (export "memory") 1)
  (table 1 1 funcref)
  (elem (i32.const 0) $height))
