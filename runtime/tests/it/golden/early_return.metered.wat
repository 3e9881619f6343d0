;; pass 1, schedule 1, 175 -> 406 bytes, blake3 e7e107b6fe8736df65cbe2b8d52c77ab4611ea10730ac444ec07effed63637e1
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
    (local $i i32)
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
      i64.const 16
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
        unreachable
      end
      block ;; label = @2
        loop ;; label = @3
          global.get 0
          i64.const 7
          i64.sub
          global.set 0
          global.get 0
          i64.const 0
          i64.lt_s
          if ;; label = @4
            unreachable
          end
          local.get $i
          local.get $n
          i32.eq
          if ;; label = @4
            global.get 0
            i64.const 5
            i64.sub
            global.set 0
            global.get 0
            i64.const 0
            i64.lt_s
            if ;; label = @5
              unreachable
            end
            block ;; label = @5
              local.get $i
              i32.const 3
              i32.gt_u
              if ;; label = @6
                global.get 0
                i64.const 3
                i64.sub
                global.set 0
                global.get 0
                i64.const 0
                i64.lt_s
                if ;; label = @7
                  unreachable
                end
                i32.const 1000
                br 5 (;@1;)
              end
              global.get 0
              i64.const 3
              i64.sub
              global.set 0
              global.get 0
              i64.const 0
              i64.lt_s
              if ;; label = @6
                unreachable
              end
              local.get $i
              br 4 (;@1;)
            end
          end
          global.get 0
          i64.const 5
          i64.sub
          global.set 0
          global.get 0
          i64.const 0
          i64.lt_s
          if ;; label = @4
            unreachable
          end
          local.get $i
          i32.const 8
          i32.eq
          br_if 1 (;@2;)
          global.get 0
          i64.const 6
          i64.sub
          global.set 0
          global.get 0
          i64.const 0
          i64.lt_s
          if ;; label = @4
            unreachable
          end
          local.get $i
          i32.const 1
          i32.add
          local.set $i
          br 0 (;@3;)
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
      i32.const -1
      br 0 (;@1;)
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
      i64.const 43
      i64.sub
      global.set 0
      global.get 0
      i64.const 0
      i64.lt_s
      if ;; label = @2
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
    end
    global.get 1
    i32.const 72
    i32.add
    global.set 1
  )
)
