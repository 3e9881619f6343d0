;; pass 2, schedule 1, 171 -> 290 bytes, blake3 b803d15783dbb9d220b299c7d3d7474ae4b6b4f19f11518078dcd4a7c7c1089f
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
  (func $dead (;0;) (type 0) (param $n i32) (result i32)
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
      i64.const 18
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block (result i32) ;; label = @2
        block ;; label = @3
          br 0 (;@3;)
        end
        local.get 1
        i64.const 3
        i64.sub
        local.set 1
        local.get $n
        if ;; label = @3
          local.get 1
          i64.const 3
          i64.sub
          local.set 1
          i32.const 1
          br 1 (;@2;)
        else
          nop
        end
        loop ;; label = @3
          local.get 1
          i64.const 5
          i64.sub
          local.tee 1
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          i32.const 0
          br_if 0 (;@3;)
          local.get 1
          i64.const 3
          i64.sub
          local.set 1
          i32.const 2
          br 1 (;@2;)
        end
        unreachable
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
    i64.const 33
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    call $dead
    drop
    i32.const 1
    call $dead
    drop
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
