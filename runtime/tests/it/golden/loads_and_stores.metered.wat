;; pass 2, schedule 1, 315 -> 422 bytes, blake3 8f866ccf7a7d244e44204da03144af36c855709b35c0cb965cf0dc8a10073b51
(module
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32 i32 i64) (result i64)))
  (import "coffer_1" "output" (func $output (;0;) (type 2)))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func (;1;) (type 1)
    (local i64)
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
      i64.const 124
      i64.sub
      local.tee 0
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      i32.const 64
      i32.const 0
      i32.load offset=3 align=1
      i32.store
      i32.const 72
      i32.const 0
      i32.load8_s offset=3
      i32.store
      i32.const 80
      i32.const 0
      i32.load8_u offset=3
      i32.store
      i32.const 88
      i32.const 0
      i32.load16_s offset=3 align=1
      i32.store
      i32.const 96
      i32.const 0
      i32.load16_u offset=3 align=1
      i32.store
      i32.const 104
      i32.const -2
      i32.store offset=1 align=1
      i32.const 120
      i32.const -2
      i32.store8 offset=1
      i32.const 136
      i32.const -2
      i32.store16 offset=1 align=1
      i32.const 152
      i32.const 0
      i64.load offset=3 align=1
      i64.store
      i32.const 160
      i32.const 0
      i64.load8_s offset=3
      i64.store
      i32.const 168
      i32.const 0
      i64.load8_u offset=3
      i64.store
      i32.const 176
      i32.const 0
      i64.load16_s offset=3 align=1
      i64.store
      i32.const 184
      i32.const 0
      i64.load16_u offset=3 align=1
      i64.store
      i32.const 192
      i32.const 0
      i64.load32_s offset=3 align=1
      i64.store
      i32.const 200
      i32.const 0
      i64.load32_u offset=3 align=1
      i64.store
      i32.const 208
      i64.const -2
      i64.store offset=1 align=1
      i32.const 224
      i64.const -2
      i64.store8 offset=1
      i32.const 240
      i64.const -2
      i64.store16 offset=1 align=1
      i32.const 256
      i64.const -2
      i64.store32 offset=1 align=1
      i32.const 64
      i32.const 208
      local.get 0
      call $output
      local.set 0
      local.get 0
      global.set 0
      global.get 1
      i32.const 80
      i32.add
      global.set 1
      return
    end
    local.get 0
    global.set 0
    unreachable
  )
  (data (;0;) (i32.const 0) "\80\81\82\83\84\85\86\87\88\89\8a\8b")
)
