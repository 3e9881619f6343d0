;; pass 2, schedule 1, 169 -> 250 bytes, blake3 0d53842eca0dbd0cd886819f6a7448023277ef10cf7fcc6dfb7f49e906f583b8
(module $counter
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func $main))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $counter::bump (;0;) (type 0) (param $by i32) (result i32)
    (local $next i32)
    global.get 1
    i32.const 96
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 96
      i32.sub
      global.set 1
      unreachable
    end
    global.get 0
    i64.const 20
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    local.get $by
    i32.const 1
    i32.add
    local.tee $next
  )
  (func $main (;1;) (type 1)
    global.get 1
    i32.const 72
    i32.sub
    global.set 1
    global.get 1
    i32.const 0
    i32.lt_s
    if ;; label = @1
      unreachable
    end
    global.get 0
    i64.const 23
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 1
    call $counter::bump
    drop
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
