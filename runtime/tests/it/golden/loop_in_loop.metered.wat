;; pass 2, schedule 1, 133 -> 245 bytes, blake3 4be695636d7f46fc4768126ec55fcb202a3ddb01f70e5a3df13a141223fb82d4
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
    (local $i i32) (local $j i32) (local i64)
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
    block ;; label = @1
      global.get 0
      i64.const 16
      i64.sub
      local.tee 2
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        loop ;; label = @3
          local.get 2
          i64.const 4
          i64.sub
          local.tee 2
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          i32.const 0
          local.set $j
          loop ;; label = @4
            local.get 2
            i64.const 10
            i64.sub
            local.tee 2
            i64.const 0
            i64.lt_s
            br_if 3 (;@1;)
            local.get $j
            i32.const 1
            i32.add
            local.tee $j
            i32.const 7
            i32.lt_u
            br_if 0 (;@4;)
            local.get 2
            i64.const 8
            i64.sub
            local.set 2
          end
          local.get $i
          i32.const 1
          i32.add
          local.tee $i
          i32.const 5
          i32.lt_u
          br_if 0 (;@3;)
          local.get 2
          i64.const 4
          i64.sub
          local.set 2
        end
        i32.const 0
        local.get $i
        i32.store
      end
      local.get 2
      global.set 0
      return
    end
    local.get 2
    global.set 0
    unreachable
  )
)
