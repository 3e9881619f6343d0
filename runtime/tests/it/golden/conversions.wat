;; Wrapping, widening and sign extension.
(module
  (import "coffer_1" "output" (func $output (param i32 i32)))
  (memory (export "memory") 1)
  (func $all (param $n i32) (param $w i64)
    (i64.store (i32.const 0) (i64.extend_i32_s (local.get $n)))
    (i64.store (i32.const 8) (i64.extend_i32_u (local.get $n)))
    (i64.store (i32.const 16) (i64.extend8_s (local.get $w)))
    (i64.store (i32.const 24) (i64.extend16_s (local.get $w)))
    (i64.store (i32.const 32) (i64.extend32_s (local.get $w)))
    (i32.store (i32.const 40) (i32.wrap_i64 (local.get $w)))
    (i32.store (i32.const 44) (i32.extend8_s (local.get $n)))
    (i32.store (i32.const 48) (i32.extend16_s (local.get $n))))
  (func (export "call main") (call $all (i32.const 0x8080) (i64.const 0x8080808080)) (call $output (i32.const 0) (i32.const 52))))
