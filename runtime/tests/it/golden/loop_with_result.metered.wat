;; pass 2, schedule 1, 125 -> 265 bytes, blake3 88a294bac8f575a4da7a68e6e60479961427081d770e2a935a6a548a03950793
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
  (func $count (;0;) (type 0) (param $n i32) (result i32)
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
      i64.const 17
      i64.sub
      local.tee 1
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block (result i32) ;; label = @2
        i32.const 5
        loop (result i32) ;; label = @3
          local.get 1
          i64.const 8
          i64.sub
          local.tee 1
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          local.get $n
          i32.const 1
          i32.sub
          local.tee $n
          br_if 0 (;@3;)
          local.get 1
          i64.const 2
          i64.sub
          local.set 1
          i32.const 37
        end
        i32.add
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
    i32.const 80
    i32.sub
    global.set 1
    global.get 1
    i32.const 0
    i32.lt_s
    if ;; label = @1
      unreachable
    end
    global.get 0
    i64.const 26
    i64.sub
    global.set 0
    global.get 0
    i64.const 0
    i64.lt_s
    if ;; label = @1
      unreachable
    end
    i32.const 0
    i32.const 9
    call $count
    i32.store
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
)
