;; pass 1, schedule 1, 119 -> 227 bytes, blake3 4caf38ca129ae7c6a10a973044163d2f74c0df8aaa297f1bf77e8473386357fe
(module
  (type (;0;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 0))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func (;0;) (type 0)
    (local $i i32) (local $sum i64)
    global.get 1
    i32.const 96
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
      i64.const 16
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      loop ;; label = @2
        global.get 0
        i64.const 15
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        local.get $sum
        local.get $i
        i64.extend_i32_u
        i64.add
        local.set $sum
        local.get $i
        i32.const 1
        i32.add
        local.tee $i
        i32.const 1000
        i32.lt_u
        br_if 0 (;@2;)
        global.get 0
        i64.const 4
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
      end
      i32.const 8
      local.get $sum
      i64.store
    end
    global.get 1
    i32.const 96
    i32.add
    global.set 1
  )
)
