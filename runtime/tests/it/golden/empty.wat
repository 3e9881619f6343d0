;; No function at all: only the globals, the exports and the memory's maximum are new.
(module (memory (export "memory") 1))
