;; Growth is charged by page. The declared maximum of 5 stays, so the last growth answers -1 and costs as much.
(module
  (memory (export "memory") 1 5)
  (func (export "call main")
    (i32.store (i32.const 0) (memory.grow (i32.const 2)))
    (i32.store (i32.const 4) (memory.grow (i32.const 0)))
    (i32.store (i32.const 8) (memory.grow (i32.const 9)))
    (i32.store (i32.const 12) (memory.size))))
