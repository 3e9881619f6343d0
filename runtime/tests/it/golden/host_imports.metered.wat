;; pass 1, schedule 1, 185 -> 272 bytes, blake3 479de61fb97f52127b7c4b6aab096e147c0e6a33f372f2616a29b37186067856
(module
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func (result i64)))
  (type (;2;) (func))
  (import "coffer_1" "log" (func $log (;0;) (type 0)))
  (import "coffer_1" "block_height" (func $height (;1;) (type 1)))
  (import "coffer_1" "output" (func $output (;2;) (type 0)))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 3))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func (;3;) (type 2)
    global.get 1
    i32.const 80
    i32.sub
    global.set 1
    global.get 1
    i32.const 0
    i32.lt_s
    if ;; label = @1
      unreachable
    end
    block ;; label = @1
      global.get 0
      i64.const 45
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i32.const 32
      i32.const 5
      call $log
      i32.const 0
      call $height
      i64.store
      i32.const 0
      i32.const 8
      call $output
    end
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
  (data (;0;) (i32.const 32) "hello")
)
