;; What the host stops costs what was executed up to it.
(module
  (import "coffer_1" "output" (func $output (param i32 i32)))
  (memory (export "memory") 1)
  (func $answer (call $output (i32.const 0) (i32.const 0)))
  (func (export "call main") (call $answer) (block (br_if 0 (i32.const 0)) (call $answer))))
