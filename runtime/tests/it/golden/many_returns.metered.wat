;; pass 2, schedule 1, 185 -> 357 bytes, blake3 39c171c45f1ba9f71b3f7638461bf0e071c54552ffc5aaef397482f5a6127cb0
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
  (func $digits (;0;) (type 0) (param $n i32) (result i32)
    (local i64)
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
      i64.const 21
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block (result i32) ;; label = @2
        local.get $n
        i32.const 10
        i32.lt_u
        if ;; label = @3
          local.get 1
          i64.const 3
          i64.sub
          local.set 1
          i32.const 1
          br 1 (;@2;)
        end
        local.get 1
        i64.const 5
        i64.sub
        local.set 1
        block ;; label = @3
          local.get $n
          i32.const 100
          i32.lt_u
          if ;; label = @4
            local.get 1
            i64.const 3
            i64.sub
            local.set 1
            i32.const 2
            br 2 (;@2;)
          end
          local.get 1
          i64.const 5
          i64.sub
          local.set 1
          block ;; label = @4
            local.get $n
            i32.const 999
            i32.gt_u
            br_if 1 (;@3;)
            local.get 1
            i64.const 3
            i64.sub
            local.set 1
            i32.const 3
            br 2 (;@2;)
          end
        end
        local.get 1
        i64.const 6
        i64.sub
        local.set 1
        i32.const 4
        local.get $n
        i32.const 10000
        i32.lt_u
        br_if 0 (;@2;)
        local.get 1
        i64.const 2
        i64.sub
        local.set 1
        drop
        i32.const 5
      end
      local.get 1
      global.set 0
      return
    end
    local.get 1
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
    i64.const 63
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 5
    call $digits
    drop
    i32.const 50
    call $digits
    drop
    i32.const 500
    call $digits
    drop
    i32.const 5000
    call $digits
    drop
    i32.const 50000
    call $digits
    drop
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
