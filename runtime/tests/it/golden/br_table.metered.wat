;; pass 1, schedule 1, 186 -> 363 bytes, blake3 29733ba9fa36120a3c01bfbd63a5517fbcd09a70e23f42892d64f5311d2e2e59
(module
  (type (;0;) (func (param i32) (result i64)))
  (type (;1;) (func))
  (memory (;0;) 1 256)
  (global (;0;) (mut i64) i64.const 0)
  (global (;1;) (mut i32) i32.const 0)
  (export "memory" (memory 0))
  (export "call main" (func 1))
  (export "coffer:gas" (global 0))
  (export "coffer:stack" (global 1))
  (func $pick (;0;) (type 0) (param $n i32) (result i64)
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
    block (result i64) ;; label = @1
      global.get 0
      i64.const 19
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      block ;; label = @2
        block ;; label = @3
          block ;; label = @4
            block ;; label = @5
              local.get $n
              br_table 0 (;@5;) 1 (;@4;) 2 (;@3;) 3 (;@2;)
            end
            global.get 0
            i64.const 3
            i64.sub
            global.set 0
            global.get 0
            i64.const 0
            i64.lt_s
            if ;; label = @5
              unreachable
            end
            i64.const 100
            br 3 (;@1;)
          end
          global.get 0
          i64.const 3
          i64.sub
          global.set 0
          global.get 0
          i64.const 0
          i64.lt_s
          if ;; label = @4
            unreachable
          end
          i64.const 101
          br 2 (;@1;)
        end
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
        i64.const 102
        br 1 (;@1;)
      end
      global.get 0
      i64.const 1
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      i64.const -1
    end
    global.get 1
    i32.const 80
    i32.add
    global.set 1
  )
  (func (;1;) (type 1)
    (local $i i32)
    global.get 1
    i32.const 88
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
      i64.const 15
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
        i64.const 20
        i64.sub
        global.set 0
        global.get 0
        i64.const 0
        i64.lt_s
        if ;; label = @3
          unreachable
        end
        local.get $i
        call $pick
        drop
        local.get $i
        i32.const 1
        i32.add
        local.tee $i
        i32.const 6
        i32.lt_u
        br_if 0 (;@2;)
      end
    end
    global.get 1
    i32.const 88
    i32.add
    global.set 1
  )
)
