;; pass 2, schedule 1, 25 -> 68 bytes, blake3 0e7de1747b714b6cfef3d7b4e01b8e515257cc84bf282c534ff49da8238444b9
(module
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
)
