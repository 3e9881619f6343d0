;; pass 2, schedule 1, 175 -> 349 bytes, blake3 0b44df3ab12d8f8b177a1f82ab7edceef38ac7c7c2a2dbd332f6ef4a94b9a585
(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $find (;0;) (type 0) (param $n i32) (result i32)
    (local $i i32) (local i64)
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
      block (result i32) ;; label = @2
        block ;; label = @3
          loop ;; label = @4
            local.get 2
            i64.const 7
            i64.sub
            local.tee 2
            i64.const 0
            i64.lt_s
            br_if 3 (;@1;)
            local.get $i
            local.get $n
            i32.eq
            if ;; label = @5
              local.get 2
              i64.const 5
              i64.sub
              local.set 2
              block ;; label = @6
                local.get $i
                i32.const 3
                i32.gt_u
                if ;; label = @7
                  local.get 2
                  i64.const 3
                  i64.sub
                  local.set 2
                  i32.const 1000
                  br 5 (;@2;)
                end
                local.get 2
                i64.const 3
                i64.sub
                local.set 2
                local.get $i
                br 4 (;@2;)
              end
            end
            local.get 2
            i64.const 5
            i64.sub
            local.set 2
            local.get $i
            i32.const 8
            i32.eq
            br_if 1 (;@3;)
            local.get 2
            i64.const 6
            i64.sub
            local.set 2
            local.get $i
            i32.const 1
            i32.add
            local.set $i
            br 0 (;@4;)
          end
        end
        local.get 2
        i64.const 3
        i64.sub
        local.set 2
        i32.const -1
        br 0 (;@2;)
      end
      local.get 2
      global.set 0
      return
    end
    local.get 2
    global.set 0
    unreachable
  )
  (func (;1;) (type 1)
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
    i64.const 43
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    call $find
    drop
    i32.const 5
    call $find
    drop
    i32.const 99
    call $find
    drop
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
