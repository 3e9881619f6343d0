;; The end of such a block is no boundary: what is around and in it is one basic block.
(module
  (memory (export "memory") 1)
  (func (export "call main")
    (block (i32.store (i32.const 0) (i32.const 1)) (block (i32.store (i32.const 4) (i32.const 2))))
    (i32.store (i32.const 8) (i32.const 3))))
