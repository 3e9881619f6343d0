;; Names of functions stay, other custom sections go.
(module $counter
  (@custom "coffer_spec" "not a spec")
  (memory (export "memory") 1)
  (func $counter::bump (param $by i32) (result i32) (local $next i32)
    (local.tee $next (i32.add (local.get $by) (i32.const 1))))
  (func $main (export "call main") (drop (call $counter::bump (i32.const 1))))
  (@custom "producers" "\00"))
