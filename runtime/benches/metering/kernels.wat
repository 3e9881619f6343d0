(module
  (type (;0;) (func (param i32 i32)))
  (type (;1;) (func (param i32) (result i32)))
  (type (;2;) (func))
  (type (;3;) (func (param i32 i32 i32) (result i32)))
  (memory (;0;) 4)
  (global (;0;) (mut i32) i32.const 16384)
  (global (;1;) i32 i32.const 213264)
  (global (;2;) i32 i32.const 213264)
  (export "memory" (memory 0))
  (export "call branches" (func 2))
  (export "call calls" (func 3))
  (export "call copy" (func 4))
  (export "call hash" (func 5))
  (export "call mix" (func 6))
  (export "call sieve" (func 7))
  (export "call sort" (func 8))
  (export "call sum" (func 9))
  (export "__data_end" (global 1))
  (export "__heap_base" (global 2))
  (func (;0;) (type 0) (param i32 i32)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    global.get 0
    i32.const 256
    i32.sub
    local.tee 2
    global.set 0
    i32.const 0
    local.set 3
    local.get 2
    i32.const 64
    i32.add
    i32.const 0
    i32.const 192
    call 10
    drop
    local.get 2
    local.get 1
    i32.load align=1
    local.tee 4
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 4
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    local.tee 4
    i32.store
    local.get 2
    local.get 1
    i32.load offset=4 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=4
    local.get 2
    local.get 1
    i32.load offset=8 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=8
    local.get 2
    local.get 1
    i32.load offset=12 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=12
    local.get 2
    local.get 1
    i32.load offset=16 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=16
    local.get 2
    local.get 1
    i32.load offset=20 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=20
    local.get 2
    local.get 1
    i32.load offset=24 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=24
    local.get 2
    local.get 1
    i32.load offset=28 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=28
    local.get 2
    local.get 1
    i32.load offset=32 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=32
    local.get 2
    local.get 1
    i32.load offset=36 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=36
    local.get 2
    local.get 1
    i32.load offset=40 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=40
    local.get 2
    local.get 1
    i32.load offset=44 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=44
    local.get 2
    local.get 1
    i32.load offset=48 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=48
    local.get 2
    local.get 1
    i32.load offset=52 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=52
    local.get 2
    local.get 1
    i32.load offset=56 align=1
    local.tee 5
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 5
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=56
    local.get 2
    local.get 1
    i32.load offset=60 align=1
    local.tee 1
    i32.const 16711935
    i32.and
    i32.const 8
    i32.rotr
    local.get 1
    i32.const 24
    i32.rotr
    i32.const 16711935
    i32.and
    i32.or
    i32.store offset=60
    loop ;; label = @1
      local.get 2
      local.get 3
      i32.add
      local.tee 1
      i32.const 64
      i32.add
      local.get 1
      i32.const 36
      i32.add
      i32.load
      local.get 4
      i32.add
      local.get 1
      i32.const 56
      i32.add
      i32.load
      local.tee 4
      i32.const 15
      i32.rotl
      local.get 4
      i32.const 13
      i32.rotl
      i32.xor
      local.get 4
      i32.const 10
      i32.shr_u
      i32.xor
      i32.add
      local.get 1
      i32.const 4
      i32.add
      i32.load
      local.tee 1
      i32.const 25
      i32.rotl
      local.get 1
      i32.const 14
      i32.rotl
      i32.xor
      local.get 1
      i32.const 3
      i32.shr_u
      i32.xor
      i32.add
      i32.store
      local.get 1
      local.set 4
      local.get 3
      i32.const 4
      i32.add
      local.tee 3
      i32.const 192
      i32.ne
      br_if 0 (;@1;)
    end
    i32.const 0
    local.set 4
    local.get 0
    i32.load
    local.tee 6
    local.set 7
    local.get 0
    i32.load offset=16
    local.tee 8
    local.set 9
    local.get 0
    i32.load offset=28
    local.tee 10
    local.set 11
    local.get 0
    i32.load offset=24
    local.tee 12
    local.set 13
    local.get 0
    i32.load offset=20
    local.tee 14
    local.set 1
    local.get 0
    i32.load offset=4
    local.tee 15
    local.set 3
    local.get 0
    i32.load offset=8
    local.tee 16
    local.set 5
    local.get 0
    i32.load offset=12
    local.tee 17
    local.set 18
    loop ;; label = @1
      local.get 18
      local.set 19
      local.get 1
      local.set 20
      local.get 5
      local.tee 18
      local.get 3
      local.tee 5
      i32.xor
      local.get 7
      local.tee 3
      i32.and
      local.get 18
      local.get 5
      i32.and
      i32.xor
      local.get 3
      i32.const 30
      i32.rotl
      local.get 3
      i32.const 19
      i32.rotl
      i32.xor
      local.get 3
      i32.const 10
      i32.rotl
      i32.xor
      i32.add
      local.get 9
      local.tee 1
      i32.const 26
      i32.rotl
      local.get 1
      i32.const 21
      i32.rotl
      i32.xor
      local.get 1
      i32.const 7
      i32.rotl
      i32.xor
      local.get 11
      i32.add
      local.get 20
      local.get 13
      local.tee 21
      i32.xor
      local.get 1
      i32.and
      local.get 21
      i32.xor
      i32.add
      local.get 4
      i32.const 16388
      i32.add
      i32.load
      i32.add
      local.get 2
      local.get 4
      i32.add
      i32.load
      i32.add
      local.tee 9
      i32.add
      local.set 7
      local.get 9
      local.get 19
      i32.add
      local.set 9
      local.get 21
      local.set 11
      local.get 20
      local.set 13
      local.get 4
      i32.const 4
      i32.add
      local.tee 4
      i32.const 256
      i32.ne
      br_if 0 (;@1;)
    end
    local.get 0
    local.get 21
    local.get 10
    i32.add
    i32.store offset=28
    local.get 0
    local.get 20
    local.get 12
    i32.add
    i32.store offset=24
    local.get 0
    local.get 1
    local.get 14
    i32.add
    i32.store offset=20
    local.get 0
    local.get 9
    local.get 8
    i32.add
    i32.store offset=16
    local.get 0
    local.get 18
    local.get 17
    i32.add
    i32.store offset=12
    local.get 0
    local.get 5
    local.get 16
    i32.add
    i32.store offset=8
    local.get 0
    local.get 3
    local.get 15
    i32.add
    i32.store offset=4
    local.get 0
    local.get 7
    local.get 6
    i32.add
    i32.store
    local.get 2
    i32.const 256
    i32.add
    global.set 0
  )
  (func (;1;) (type 1) (param i32) (result i32)
    (local i32)
    i32.const 0
    local.set 1
    block ;; label = @1
      local.get 0
      i32.const 2
      i32.lt_u
      br_if 0 (;@1;)
      i32.const 0
      local.set 1
      loop ;; label = @2
        local.get 0
        i32.const -1
        i32.add
        call 1
        local.get 1
        i32.add
        local.set 1
        local.get 0
        i32.const -2
        i32.add
        local.tee 0
        i32.const 1
        i32.gt_u
        br_if 0 (;@2;)
      end
    end
    local.get 0
    local.get 1
    i32.add
  )
  (func (;2;) (type 2)
    (local i64 i32 i64 i64 i64 i64 i64)
    i64.const 0
    local.set 0
    block ;; label = @1
      i32.const 0
      i32.load offset=16384
      i32.const 2000
      i32.add
      local.tee 1
      i32.const 2
      i32.lt_u
      br_if 0 (;@1;)
      local.get 1
      i64.extend_i32_u
      local.set 2
      i64.const 0
      local.set 0
      i64.const 1
      local.set 3
      loop ;; label = @2
        block ;; label = @3
          local.get 3
          i64.const 1
          i64.eq
          br_if 0 (;@3;)
          i64.const 0
          local.set 4
          local.get 3
          local.set 5
          loop ;; label = @4
            block ;; label = @5
              block ;; label = @6
                local.get 5
                i32.wrap_i64
                i32.const 1
                i32.and
                br_if 0 (;@6;)
                local.get 4
                i64.const 3
                i64.add
                local.get 4
                local.get 5
                i64.const 4
                i64.and
                i64.eqz
                select
                local.set 4
                local.get 5
                i64.const 1
                i64.shr_u
                local.set 5
                br 1 (;@5;)
              end
              local.get 5
              i64.const 3
              i64.mul
              i64.const 1
              i64.add
              local.set 6
              block ;; label = @6
                block ;; label = @7
                  local.get 5
                  i64.const 3
                  i64.rem_u
                  i64.eqz
                  br_if 0 (;@7;)
                  i32.const 0
                  local.get 4
                  i64.store offset=213256
                  br 1 (;@6;)
                end
                local.get 4
                i64.const 2
                i64.add
                local.set 4
              end
              local.get 6
              local.set 5
            end
            local.get 4
            i64.const 1
            i64.add
            local.set 4
            local.get 5
            i64.const 1
            i64.ne
            br_if 0 (;@4;)
          end
          local.get 4
          local.get 0
          local.get 4
          local.get 0
          i64.gt_u
          select
          local.set 0
        end
        local.get 3
        i64.const 1
        i64.add
        local.tee 3
        local.get 2
        i64.ne
        br_if 0 (;@2;)
      end
    end
    i32.const 0
    local.get 0
    i64.store offset=213256
  )
  (func (;3;) (type 2)
    i32.const 0
    i32.const 0
    i32.load offset=16384
    i32.const 21
    i32.add
    call 1
    i64.extend_i32_u
    i64.store offset=213256
  )
  (func (;4;) (type 2)
    (local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    block ;; label = @1
      i32.const 0
      i32.load offset=16384
      local.tee 0
      i32.const 8192
      i32.add
      local.tee 1
      i32.const 16385
      i32.ge_u
      br_if 0 (;@1;)
      local.get 1
      i32.const 3
      i32.shl
      local.set 2
      block ;; label = @2
        i32.const 0
        i32.load offset=16384
        i32.const 10
        i32.add
        local.tee 3
        i32.eqz
        br_if 0 (;@2;)
        i32.const 8192
        local.get 0
        i32.sub
        local.tee 4
        local.get 1
        local.get 4
        local.get 1
        i32.lt_u
        select
        local.tee 1
        i32.eqz
        br_if 0 (;@2;)
        local.get 0
        i32.const 3
        i32.shl
        local.set 5
        local.get 1
        i32.const -4
        i32.and
        local.set 6
        local.get 1
        i32.const 3
        i32.and
        local.set 7
        i32.const 0
        local.set 8
        local.get 1
        i32.const 4
        i32.lt_u
        local.set 9
        loop ;; label = @3
          i32.const 0
          local.set 10
          block ;; label = @4
            block ;; label = @5
              local.get 9
              br_if 0 (;@5;)
              i32.const 0
              local.set 10
              i32.const 82184
              local.set 1
              loop ;; label = @6
                local.get 1
                local.get 5
                i32.add
                local.tee 4
                i32.const 65536
                i32.add
                local.get 1
                i64.load
                i64.store
                local.get 4
                i32.const 65544
                i32.add
                local.get 1
                i32.const 8
                i32.add
                i64.load
                i64.store
                local.get 4
                i32.const 65552
                i32.add
                local.get 1
                i32.const 16
                i32.add
                i64.load
                i64.store
                local.get 4
                i32.const 65560
                i32.add
                local.get 1
                i32.const 24
                i32.add
                i64.load
                i64.store
                local.get 1
                i32.const 32
                i32.add
                local.set 1
                local.get 6
                local.get 10
                i32.const 4
                i32.add
                local.tee 10
                i32.ne
                br_if 0 (;@6;)
              end
              local.get 7
              i32.eqz
              br_if 1 (;@4;)
            end
            local.get 10
            i32.const 3
            i32.shl
            i32.const 82184
            i32.add
            local.set 1
            local.get 7
            local.set 4
            loop ;; label = @5
              local.get 1
              local.get 2
              i32.add
              local.get 1
              i64.load
              i64.store
              local.get 1
              i32.const 8
              i32.add
              local.set 1
              local.get 4
              i32.const -1
              i32.add
              local.tee 4
              br_if 0 (;@5;)
            end
          end
          local.get 8
          i32.const 1
          i32.add
          local.tee 8
          local.get 3
          i32.ne
          br_if 0 (;@3;)
        end
      end
      local.get 0
      i32.const 8192
      i32.eq
      br_if 0 (;@1;)
      i32.const 0
      local.get 2
      i32.const 82184
      i32.add
      i64.load
      i64.store offset=213256
      return
    end
    unreachable
  )
  (func (;5;) (type 2)
    (local i32 i32 i64)
    global.get 0
    i32.const 96
    i32.sub
    local.tee 0
    global.set 0
    local.get 0
    i64.const 6620516960021240235
    i64.store offset=24 align=4
    local.get 0
    i64.const -7276294671082564993
    i64.store offset=16 align=4
    local.get 0
    i64.const -6534734903820487822
    i64.store offset=8 align=4
    local.get 0
    i64.const -4942790177982912921
    i64.store align=4
    local.get 0
    i64.const 0
    i64.store offset=88
    local.get 0
    i64.const 0
    i64.store offset=80
    local.get 0
    i64.const 0
    i64.store offset=72
    local.get 0
    i64.const 0
    i64.store offset=64
    local.get 0
    i64.const 0
    i64.store offset=56
    local.get 0
    i64.const 0
    i64.store offset=48
    local.get 0
    i64.const 0
    i64.store offset=40
    local.get 0
    i64.const 0
    i64.store offset=32
    block ;; label = @1
      block ;; label = @2
        i32.const 0
        i32.load offset=16384
        i32.const 300
        i32.add
        local.tee 1
        br_if 0 (;@2;)
        i64.const 1779033703
        local.set 2
        br 1 (;@1;)
      end
      loop ;; label = @2
        local.get 0
        local.get 0
        i32.const 32
        i32.add
        call 0
        local.get 0
        local.get 0
        i64.load offset=24 align=4
        i64.store offset=56
        local.get 0
        local.get 0
        i64.load offset=16 align=4
        i64.store offset=48
        local.get 0
        local.get 0
        i64.load offset=8 align=4
        i64.store offset=40
        local.get 0
        local.get 0
        i64.load align=4
        i64.store offset=32
        local.get 1
        i32.const -1
        i32.add
        local.tee 1
        br_if 0 (;@2;)
      end
      local.get 0
      i64.load32_u
      local.set 2
    end
    i32.const 0
    local.get 2
    i64.store offset=213256
    local.get 0
    i32.const 96
    i32.add
    global.set 0
  )
  (func (;6;) (type 2)
    (local i32 i32 i32 i64)
    block ;; label = @1
      i32.const 0
      i32.load offset=16384
      local.tee 0
      i32.const 100000
      i32.add
      local.tee 1
      br_if 0 (;@1;)
      i32.const 0
      i64.const -7046029254386353131
      i64.store offset=213256
      return
    end
    local.get 0
    i32.const 3
    i32.and
    local.set 2
    i64.const -7046029254386353131
    local.set 3
    block ;; label = @1
      block ;; label = @2
        local.get 0
        i32.const 99999
        i32.add
        i32.const 3
        i32.lt_u
        br_if 0 (;@2;)
        local.get 1
        i32.const -4
        i32.and
        local.set 0
        i64.const -7046029254386353131
        local.set 3
        loop ;; label = @3
          local.get 3
          i64.const 13
          i64.shl
          local.get 3
          i64.xor
          local.tee 3
          i64.const 7
          i64.shr_u
          local.get 3
          i64.xor
          local.tee 3
          i64.const 17
          i64.shl
          local.get 3
          i64.xor
          local.tee 3
          i64.const 13
          i64.shl
          local.get 3
          i64.xor
          local.tee 3
          i64.const 7
          i64.shr_u
          local.get 3
          i64.xor
          local.tee 3
          i64.const 17
          i64.shl
          local.get 3
          i64.xor
          local.tee 3
          i64.const 13
          i64.shl
          local.get 3
          i64.xor
          local.tee 3
          i64.const 7
          i64.shr_u
          local.get 3
          i64.xor
          local.tee 3
          i64.const 17
          i64.shl
          local.get 3
          i64.xor
          local.tee 3
          i64.const 13
          i64.shl
          local.get 3
          i64.xor
          local.tee 3
          i64.const 7
          i64.shr_u
          local.get 3
          i64.xor
          local.tee 3
          i64.const 17
          i64.shl
          local.get 3
          i64.xor
          local.set 3
          local.get 0
          i32.const -4
          i32.add
          local.tee 0
          br_if 0 (;@3;)
        end
        local.get 2
        i32.eqz
        br_if 1 (;@1;)
      end
      loop ;; label = @2
        local.get 3
        i64.const 13
        i64.shl
        local.get 3
        i64.xor
        local.tee 3
        i64.const 7
        i64.shr_u
        local.get 3
        i64.xor
        local.tee 3
        i64.const 17
        i64.shl
        local.get 3
        i64.xor
        local.set 3
        local.get 2
        i32.const -1
        i32.add
        local.tee 2
        br_if 0 (;@2;)
      end
    end
    i32.const 0
    local.get 3
    i64.store offset=213256
  )
  (func (;7;) (type 2)
    (local i32 i32 i64 i32 i32 i32)
    block ;; label = @1
      i32.const 0
      i32.load offset=16384
      local.tee 0
      i32.const 65536
      i32.add
      local.tee 1
      i32.const 65537
      i32.ge_u
      br_if 0 (;@1;)
      block ;; label = @2
        block ;; label = @3
          local.get 1
          br_if 0 (;@3;)
          i64.const 0
          local.set 2
          br 1 (;@2;)
        end
        local.get 0
        i32.const 65535
        i32.add
        local.set 3
        i32.const 16648
        local.set 4
        block ;; label = @3
          local.get 0
          i32.const 7
          i32.and
          local.tee 5
          i32.eqz
          br_if 0 (;@3;)
          i32.const 16648
          local.set 4
          loop ;; label = @4
            local.get 4
            i32.const 1
            i32.store8
            local.get 4
            i32.const 1
            i32.add
            local.set 4
            local.get 5
            i32.const -1
            i32.add
            local.tee 5
            br_if 0 (;@4;)
          end
        end
        block ;; label = @3
          local.get 3
          i32.const 7
          i32.lt_u
          br_if 0 (;@3;)
          local.get 1
          i32.const 16648
          i32.add
          local.set 5
          loop ;; label = @4
            local.get 4
            i32.const 1
            i32.store8
            local.get 4
            i32.const 1
            i32.add
            i32.const 1
            i32.store8
            local.get 4
            i32.const 2
            i32.add
            i32.const 1
            i32.store8
            local.get 4
            i32.const 3
            i32.add
            i32.const 1
            i32.store8
            local.get 4
            i32.const 4
            i32.add
            i32.const 1
            i32.store8
            local.get 4
            i32.const 5
            i32.add
            i32.const 1
            i32.store8
            local.get 4
            i32.const 6
            i32.add
            i32.const 1
            i32.store8
            local.get 4
            i32.const 7
            i32.add
            i32.const 1
            i32.store8
            local.get 4
            i32.const 8
            i32.add
            local.tee 4
            local.get 5
            i32.ne
            br_if 0 (;@4;)
          end
        end
        block ;; label = @3
          local.get 1
          i32.const 5
          i32.lt_u
          br_if 0 (;@3;)
          i32.const 2
          local.set 5
          i32.const 4
          local.set 4
          loop ;; label = @4
            block ;; label = @5
              local.get 5
              local.get 1
              i32.ge_u
              br_if 0 (;@5;)
              local.get 4
              local.get 1
              i32.ge_u
              br_if 0 (;@5;)
              local.get 5
              i32.load8_u offset=16648
              i32.const 255
              i32.and
              i32.const 1
              i32.ne
              br_if 0 (;@5;)
              loop ;; label = @6
                local.get 4
                i32.const 16648
                i32.add
                i32.const 0
                i32.store8
                local.get 4
                local.get 5
                i32.add
                local.tee 4
                local.get 1
                i32.lt_u
                br_if 0 (;@6;)
              end
            end
            local.get 5
            i32.const 1
            i32.add
            local.tee 5
            local.get 5
            i32.mul
            local.tee 4
            local.get 1
            i32.lt_u
            br_if 0 (;@4;)
          end
        end
        local.get 0
        i32.const 7
        i32.and
        local.set 5
        block ;; label = @3
          block ;; label = @4
            local.get 0
            i32.const 65535
            i32.add
            i32.const 7
            i32.ge_u
            br_if 0 (;@4;)
            i64.const 0
            local.set 2
            i32.const 16648
            local.set 4
            br 1 (;@3;)
          end
          local.get 1
          i32.const 131064
          i32.and
          local.set 1
          i64.const 0
          local.set 2
          i32.const 16648
          local.set 4
          loop ;; label = @4
            local.get 2
            local.get 4
            i64.load8_u
            i64.add
            local.get 4
            i32.const 1
            i32.add
            i64.load8_u
            i64.add
            local.get 4
            i32.const 2
            i32.add
            i64.load8_u
            i64.add
            local.get 4
            i32.const 3
            i32.add
            i64.load8_u
            i64.add
            local.get 4
            i32.const 4
            i32.add
            i64.load8_u
            i64.add
            local.get 4
            i32.const 5
            i32.add
            i64.load8_u
            i64.add
            local.get 4
            i32.const 6
            i32.add
            i64.load8_u
            i64.add
            local.get 4
            i32.const 7
            i32.add
            i64.load8_u
            i64.add
            local.set 2
            local.get 4
            i32.const 8
            i32.add
            local.set 4
            local.get 1
            i32.const -8
            i32.add
            local.tee 1
            br_if 0 (;@4;)
          end
          local.get 5
          i32.eqz
          br_if 1 (;@2;)
        end
        loop ;; label = @3
          local.get 2
          local.get 4
          i64.load8_u
          i64.add
          local.set 2
          local.get 4
          i32.const 1
          i32.add
          local.set 4
          local.get 5
          i32.const -1
          i32.add
          local.tee 5
          br_if 0 (;@3;)
        end
      end
      i32.const 0
      local.get 2
      i64.store offset=213256
      return
    end
    unreachable
  )
  (func (;8;) (type 2)
    (local i32 i32 i32 i32 i32 i64 i32 i32 i32 i32 i32 i32 i64)
    block ;; label = @1
      block ;; label = @2
        block ;; label = @3
          block ;; label = @4
            i32.const 0
            i32.load offset=16384
            local.tee 0
            i32.const 300
            i32.add
            local.tee 1
            i32.const 16385
            i32.ge_u
            br_if 0 (;@4;)
            local.get 1
            i32.eqz
            br_if 0 (;@4;)
            local.get 0
            i32.const 299
            i32.add
            i32.const 536870911
            i32.and
            local.tee 2
            i32.const 1
            i32.add
            local.tee 3
            i32.const 3
            i32.and
            local.set 4
            block ;; label = @5
              local.get 2
              i32.const 3
              i32.ge_u
              br_if 0 (;@5;)
              i32.const 82184
              local.set 2
              i64.const 88172645463325252
              local.set 5
              br 3 (;@2;)
            end
            local.get 3
            i32.const 1073741820
            i32.and
            local.set 3
            i32.const 82184
            local.set 2
            i64.const 88172645463325252
            local.set 5
            loop ;; label = @5
              local.get 2
              local.get 5
              i64.const 13
              i64.shl
              local.get 5
              i64.xor
              local.tee 5
              i64.const 7
              i64.shr_u
              local.get 5
              i64.xor
              local.tee 5
              i64.const 17
              i64.shl
              local.get 5
              i64.xor
              local.tee 5
              i64.store
              local.get 2
              i32.const 8
              i32.add
              local.get 5
              i64.const 13
              i64.shl
              local.get 5
              i64.xor
              local.tee 5
              i64.const 7
              i64.shr_u
              local.get 5
              i64.xor
              local.tee 5
              i64.const 17
              i64.shl
              local.get 5
              i64.xor
              local.tee 5
              i64.store
              local.get 2
              i32.const 16
              i32.add
              local.get 5
              i64.const 13
              i64.shl
              local.get 5
              i64.xor
              local.tee 5
              i64.const 7
              i64.shr_u
              local.get 5
              i64.xor
              local.tee 5
              i64.const 17
              i64.shl
              local.get 5
              i64.xor
              local.tee 5
              i64.store
              local.get 2
              i32.const 24
              i32.add
              local.get 5
              i64.const 13
              i64.shl
              local.get 5
              i64.xor
              local.tee 5
              i64.const 7
              i64.shr_u
              local.get 5
              i64.xor
              local.tee 5
              i64.const 17
              i64.shl
              local.get 5
              i64.xor
              local.tee 5
              i64.store
              local.get 2
              i32.const 32
              i32.add
              local.set 2
              local.get 3
              i32.const -4
              i32.add
              local.tee 3
              br_if 0 (;@5;)
              br 2 (;@3;)
            end
          end
          unreachable
        end
        local.get 4
        i32.eqz
        br_if 1 (;@1;)
      end
      loop ;; label = @2
        local.get 2
        local.get 5
        i64.const 13
        i64.shl
        local.get 5
        i64.xor
        local.tee 5
        i64.const 7
        i64.shr_u
        local.get 5
        i64.xor
        local.tee 5
        i64.const 17
        i64.shl
        local.get 5
        i64.xor
        local.tee 5
        i64.store
        local.get 2
        i32.const 8
        i32.add
        local.set 2
        local.get 4
        i32.const -1
        i32.add
        local.tee 4
        br_if 0 (;@2;)
      end
    end
    i32.const 1
    local.set 6
    block ;; label = @1
      local.get 1
      i32.const 1
      i32.eq
      br_if 0 (;@1;)
      block ;; label = @2
        local.get 0
        i32.const -298
        i32.eq
        br_if 0 (;@2;)
        local.get 0
        i32.const 299
        i32.add
        local.tee 2
        i32.const 1
        i32.and
        local.set 7
        local.get 2
        i32.const -2
        i32.and
        local.set 8
        i32.const 0
        local.set 9
        i32.const 82184
        local.set 1
        i32.const -1
        local.set 0
        i32.const 82200
        local.set 10
        i32.const -2
        local.set 11
        i32.const 1
        local.set 6
        loop ;; label = @3
          local.get 6
          i32.const 1
          i32.add
          local.set 3
          local.get 6
          i32.const 3
          i32.shl
          i64.load offset=82184
          local.set 5
          local.get 0
          local.set 4
          local.get 1
          local.set 2
          block ;; label = @4
            loop ;; label = @5
              local.get 2
              i64.load
              local.tee 12
              local.get 5
              i64.le_u
              br_if 1 (;@4;)
              local.get 2
              local.get 5
              i64.store
              local.get 2
              i32.const 8
              i32.add
              local.get 12
              i64.store
              local.get 2
              i32.const -8
              i32.add
              local.set 2
              local.get 4
              i32.const 1
              i32.add
              local.tee 4
              br_if 0 (;@5;)
            end
          end
          local.get 6
          i32.const 2
          i32.add
          local.set 6
          local.get 3
          i32.const 3
          i32.shl
          i64.load offset=82184
          local.set 5
          local.get 11
          local.set 3
          local.get 10
          local.set 2
          block ;; label = @4
            loop ;; label = @5
              local.get 2
              i32.const -8
              i32.add
              local.tee 4
              i64.load
              local.tee 12
              local.get 5
              i64.le_u
              br_if 1 (;@4;)
              local.get 2
              local.get 12
              i64.store
              local.get 4
              local.get 5
              i64.store
              local.get 4
              local.set 2
              local.get 3
              i32.const 1
              i32.add
              local.tee 3
              br_if 0 (;@5;)
            end
          end
          local.get 11
          i32.const -2
          i32.add
          local.set 11
          local.get 10
          i32.const 16
          i32.add
          local.set 10
          local.get 0
          i32.const -2
          i32.add
          local.set 0
          local.get 1
          i32.const 16
          i32.add
          local.set 1
          local.get 9
          i32.const 2
          i32.add
          local.tee 9
          local.get 8
          i32.ne
          br_if 0 (;@3;)
        end
        local.get 7
        i32.eqz
        br_if 1 (;@1;)
      end
      local.get 6
      i32.const 3
      i32.shl
      local.tee 4
      i32.const 82176
      i32.add
      local.set 2
      local.get 4
      i64.load offset=82184
      local.set 5
      loop ;; label = @2
        local.get 2
        i64.load
        local.tee 12
        local.get 5
        i64.le_u
        br_if 1 (;@1;)
        local.get 2
        local.get 5
        i64.store
        local.get 2
        i32.const 8
        i32.add
        local.get 12
        i64.store
        local.get 2
        i32.const -8
        i32.add
        local.set 2
        local.get 6
        i32.const -1
        i32.add
        local.tee 6
        br_if 0 (;@2;)
      end
    end
    i32.const 0
    i32.const 0
    i64.load offset=82184
    i64.store offset=213256
  )
  (func (;9;) (type 2)
    (local i32 i32 i64 i32 i32 i32 i32 i32 i32 i64 i64 i64)
    block ;; label = @1
      i32.const 0
      i32.load offset=16384
      local.tee 0
      i32.const 8192
      i32.add
      local.tee 1
      i32.const 16385
      i32.ge_u
      br_if 0 (;@1;)
      i64.const 0
      local.set 2
      block ;; label = @2
        i32.const 0
        i32.load offset=16384
        i32.const 10
        i32.add
        local.tee 3
        i32.eqz
        br_if 0 (;@2;)
        local.get 1
        i32.eqz
        br_if 0 (;@2;)
        local.get 1
        i32.const 3
        i32.shl
        i32.const 82184
        i32.add
        local.set 4
        local.get 0
        i32.const 3
        i32.and
        local.set 5
        i64.const 0
        local.set 2
        i32.const 0
        local.set 6
        local.get 0
        i32.const 8191
        i32.add
        i32.const 536870911
        i32.and
        i32.const 3
        i32.lt_u
        local.set 7
        loop ;; label = @3
          i32.const 82184
          local.set 1
          block ;; label = @4
            local.get 5
            i32.eqz
            br_if 0 (;@4;)
            local.get 5
            local.set 0
            loop ;; label = @5
              local.get 1
              local.tee 8
              i32.const 8
              i32.add
              local.set 1
              local.get 8
              i64.load
              local.get 2
              i64.add
              i64.const 1
              i64.rotl
              local.set 2
              local.get 0
              i32.const -1
              i32.add
              local.tee 0
              br_if 0 (;@5;)
            end
          end
          block ;; label = @4
            local.get 7
            br_if 0 (;@4;)
            loop ;; label = @5
              local.get 1
              i64.load
              local.set 9
              local.get 1
              i32.const 8
              i32.add
              i64.load
              local.set 10
              local.get 1
              i32.const 16
              i32.add
              i64.load
              local.set 11
              local.get 1
              i32.const 24
              i32.add
              i64.load
              local.get 11
              local.get 10
              local.get 9
              local.get 2
              i64.add
              i64.const 1
              i64.rotl
              i64.add
              i64.const 1
              i64.rotl
              i64.add
              i64.const 1
              i64.rotl
              i64.add
              i64.const 1
              i64.rotl
              local.set 2
              local.get 1
              i32.const 32
              i32.add
              local.tee 1
              local.get 4
              i32.ne
              br_if 0 (;@5;)
            end
          end
          local.get 6
          i32.const 1
          i32.add
          local.tee 6
          local.get 3
          i32.ne
          br_if 0 (;@3;)
        end
      end
      i32.const 0
      local.get 2
      i64.store offset=213256
      return
    end
    unreachable
  )
  (func (;10;) (type 3) (param i32 i32 i32) (result i32)
    (local i32 i32 i32 i32 i32)
    block ;; label = @1
      block ;; label = @2
        local.get 2
        i32.const 16
        i32.ge_u
        br_if 0 (;@2;)
        local.get 0
        local.set 3
        br 1 (;@1;)
      end
      block ;; label = @2
        local.get 0
        local.get 0
        i32.const 0
        local.get 0
        i32.sub
        i32.const 3
        i32.and
        local.tee 4
        i32.add
        local.tee 5
        i32.ge_u
        br_if 0 (;@2;)
        local.get 4
        i32.const -1
        i32.add
        local.set 6
        local.get 0
        local.set 3
        block ;; label = @3
          local.get 4
          i32.eqz
          br_if 0 (;@3;)
          local.get 4
          local.set 7
          local.get 0
          local.set 3
          loop ;; label = @4
            local.get 3
            local.get 1
            i32.store8
            local.get 3
            i32.const 1
            i32.add
            local.set 3
            local.get 7
            i32.const -1
            i32.add
            local.tee 7
            br_if 0 (;@4;)
          end
        end
        local.get 6
        i32.const 7
        i32.lt_u
        br_if 0 (;@2;)
        loop ;; label = @3
          local.get 3
          local.get 1
          i32.store8
          local.get 3
          i32.const 7
          i32.add
          local.get 1
          i32.store8
          local.get 3
          i32.const 6
          i32.add
          local.get 1
          i32.store8
          local.get 3
          i32.const 5
          i32.add
          local.get 1
          i32.store8
          local.get 3
          i32.const 4
          i32.add
          local.get 1
          i32.store8
          local.get 3
          i32.const 3
          i32.add
          local.get 1
          i32.store8
          local.get 3
          i32.const 2
          i32.add
          local.get 1
          i32.store8
          local.get 3
          i32.const 1
          i32.add
          local.get 1
          i32.store8
          local.get 3
          i32.const 8
          i32.add
          local.tee 3
          local.get 5
          i32.ne
          br_if 0 (;@3;)
        end
      end
      block ;; label = @2
        local.get 5
        local.get 5
        local.get 2
        local.get 4
        i32.sub
        local.tee 2
        i32.const -4
        i32.and
        i32.add
        local.tee 3
        i32.ge_u
        br_if 0 (;@2;)
        local.get 1
        i32.const 255
        i32.and
        i32.const 16843009
        i32.mul
        local.set 7
        loop ;; label = @3
          local.get 5
          local.get 7
          i32.store
          local.get 5
          i32.const 4
          i32.add
          local.tee 5
          local.get 3
          i32.lt_u
          br_if 0 (;@3;)
        end
      end
      local.get 2
      i32.const 3
      i32.and
      local.set 2
    end
    block ;; label = @1
      local.get 3
      local.get 3
      local.get 2
      i32.add
      local.tee 7
      i32.ge_u
      br_if 0 (;@1;)
      local.get 2
      i32.const -1
      i32.add
      local.set 4
      block ;; label = @2
        local.get 2
        i32.const 7
        i32.and
        local.tee 5
        i32.eqz
        br_if 0 (;@2;)
        loop ;; label = @3
          local.get 3
          local.get 1
          i32.store8
          local.get 3
          i32.const 1
          i32.add
          local.set 3
          local.get 5
          i32.const -1
          i32.add
          local.tee 5
          br_if 0 (;@3;)
        end
      end
      local.get 4
      i32.const 7
      i32.lt_u
      br_if 0 (;@1;)
      loop ;; label = @2
        local.get 3
        local.get 1
        i32.store8
        local.get 3
        i32.const 7
        i32.add
        local.get 1
        i32.store8
        local.get 3
        i32.const 6
        i32.add
        local.get 1
        i32.store8
        local.get 3
        i32.const 5
        i32.add
        local.get 1
        i32.store8
        local.get 3
        i32.const 4
        i32.add
        local.get 1
        i32.store8
        local.get 3
        i32.const 3
        i32.add
        local.get 1
        i32.store8
        local.get 3
        i32.const 2
        i32.add
        local.get 1
        i32.store8
        local.get 3
        i32.const 1
        i32.add
        local.get 1
        i32.store8
        local.get 3
        i32.const 8
        i32.add
        local.tee 3
        local.get 7
        i32.ne
        br_if 0 (;@2;)
      end
    end
    local.get 0
  )
  (data (;0;) (i32.const 16384) "\00\00\00\00\98/\8aB\91D7q\cf\fb\c0\b5\a5\db\b5\e9[\c2V9\f1\11\f1Y\a4\82?\92\d5^\1c\ab\98\aa\07\d8\01[\83\12\be\851$\c3}\0cUt]\ber\fe\b1\de\80\a7\06\dc\9bt\f1\9b\c1\c1i\9b\e4\86G\be\ef\c6\9d\c1\0f\cc\a1\0c$o,\e9-\aa\84tJ\dc\a9\b0\5c\da\88\f9vRQ>\98m\c61\a8\c8'\03\b0\c7\7fY\bf\f3\0b\e0\c6G\91\a7\d5Qc\ca\06g))\14\85\0a\b7'8!\1b.\fcm,M\13\0d8STs\0ae\bb\0ajv.\c9\c2\81\85,r\92\a1\e8\bf\a2Kf\1a\a8p\8bK\c2\a3Ql\c7\19\e8\92\d1$\06\99\d6\855\0e\f4p\a0j\10\16\c1\a4\19\08l7\1eLwH'\b5\bc\b04\b3\0c\1c9J\aa\d8NO\ca\9c[\f3o.h\ee\82\8ftoc\a5x\14x\c8\84\08\02\c7\8c\fa\ff\be\90\eblP\a4\f7\a3\f9\be\f2xq\c6")
)
