;; The counters come behind the module's own globals.
(module
  (memory (export "memory") 1)
  (global $sp (mut i32) (i32.const 65536))
  (global $wide (mut i64) (i64.const -1))
  (global (export "__data_end") i32 (i32.const 1024))
  (global (export "__heap_base") i32 (i32.const 1040))
  (func (export "call main")
    (global.set $sp (i32.sub (global.get $sp) (i32.const 16)))
    (global.set $wide (i64.add (global.get $wide) (i64.const 1)))
    (global.set $sp (i32.add (global.get $sp) (i32.const 16)))))
