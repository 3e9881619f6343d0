;; Gas runs out.
(module
  (memory (export "memory") 1)
  (func (export "call main") (loop $forever (br $forever))))
