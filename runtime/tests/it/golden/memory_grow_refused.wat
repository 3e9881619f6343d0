;; Growth above the module's own maximum is paid as well, and answers -1.
(module
  (import "coffer_1" "output" (func $output (param i32 i32)))
  (memory (export "memory") 1 2)
  (func (export "call main")
    (i32.store (i32.const 0) (memory.grow (i32.const 2)))
    (i32.store (i32.const 4) (memory.grow (i32.const 1)))
    (i32.store (i32.const 8) (memory.size))
    (call $output (i32.const 0) (i32.const 12))))
