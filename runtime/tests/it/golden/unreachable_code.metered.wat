;; pass 1, schedule 1, 171 -> 350 bytes, blake3 d26e538876067f5f0ef63600d315345156634684fbf5f44951246e5b9f67f312
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
    block (result i32) ;; label = @1
      global.get 0
      i64.const 18
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      block ;; label = @2
        br 0 (;@2;)
        i32.const 1
        i32.const 0
        i32.div_u
        drop
        loop ;; label = @3
          block ;; label = @4
            br 1 (;@3;)
          end
          i32.const 0
          i32.const 0
          i32.const 9
          memory.fill
        end
      end
      global.get 0
      i64.const 3
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      local.get $n
      if ;; label = @2
        global.get 0
        i64.const 3
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        i32.const 1
        br 1 (;@1;)
        i32.const 1
        memory.grow
        drop
      else
        nop
      end
      loop ;; label = @2
        global.get 0
        i64.const 5
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        i32.const 0
        br_if 0 (;@2;)
        global.get 0
        i64.const 3
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        i32.const 2
        br 1 (;@1;)
      end
      i32.const 3
    end
    global.get 1
    i32.const 96
    i32.add
    global.set 1
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
    block ;; label = @1
      global.get 0
      i64.const 33
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i32.const 0
      call $dead
      drop
      i32.const 1
      call $dead
      drop
    end
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
