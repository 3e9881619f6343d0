;; A declared maximum above the host's is cut to the host's.
(module
  (memory (export "memory") 1 65536)
  (func (export "call main")
    (i32.store (i32.const 0) (memory.grow (i32.const 255)))
    (i32.store (i32.const 4) (memory.grow (i32.const 1)))))
