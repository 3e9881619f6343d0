;; pass 2, schedule 1, 1255 -> 2199 bytes, blake3 ead1ffca986a8b9ed7b4f076d00c08f2b31fdb4a1bb981ff2395c86d594329e4
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
    (local i64)
    global.get 1
    i32.const 207
    i32.lt_s
    if ;; label = @1
      global.get 1
      i32.const 207
      i32.sub
      global.set 1
      unreachable
    end
    block ;; label = @1
      global.get 0
      i64.const 20
      i64.sub
      local.tee 0
      i64.const 0
      i64.lt_s
      br_if 0 (;@1;)
      block ;; label = @2
        block ;; label = @3
          i32.const 0
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 1
          i32.const 0
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 1
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 2
          i32.const 1
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 2
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 3
          i32.const 2
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 3
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 4
          i32.const 3
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 4
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 5
          i32.const 4
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 5
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 6
          i32.const 5
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 6
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 7
          i32.const 6
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 7
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 8
          i32.const 7
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 8
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 9
          i32.const 8
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 9
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 10
          i32.const 9
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 10
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 11
          i32.const 10
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 11
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 12
          i32.const 11
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 12
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 13
          i32.const 12
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 13
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 14
          i32.const 13
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 14
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 15
          i32.const 14
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 15
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 16
          i32.const 15
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 16
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 17
          i32.const 16
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 17
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 18
          i32.const 17
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 18
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 19
          i32.const 18
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 19
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 20
          i32.const 19
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 20
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 21
          i32.const 20
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 21
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 22
          i32.const 21
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 22
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 23
          i32.const 22
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 23
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 24
          i32.const 23
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 24
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 25
          i32.const 24
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 25
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 26
          i32.const 25
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 26
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 27
          i32.const 26
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 27
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 28
          i32.const 27
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 28
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 29
          i32.const 28
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 29
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.tee 0
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          i32.const 30
          i32.const 29
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 30
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.tee 0
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          i32.const 31
          i32.const 30
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 31
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.tee 0
          i64.const 0
          i64.lt_s
          br_if 2 (;@1;)
          i32.const 32
          i32.const 31
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.tee 0
        i64.const 0
        i64.lt_s
        br_if 1 (;@1;)
        block ;; label = @3
          i32.const 32
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 33
          i32.const 32
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 33
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 34
          i32.const 33
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 34
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 35
          i32.const 34
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 35
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 36
          i32.const 35
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 36
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 37
          i32.const 36
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 37
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 38
          i32.const 37
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 38
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 39
          i32.const 38
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 39
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 40
          i32.const 39
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 40
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 41
          i32.const 40
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 41
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 42
          i32.const 41
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 42
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 43
          i32.const 42
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 43
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 44
          i32.const 43
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 44
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 45
          i32.const 44
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 45
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 46
          i32.const 45
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 46
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 47
          i32.const 46
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 47
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 48
          i32.const 47
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 48
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 49
          i32.const 48
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 49
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 50
          i32.const 49
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 50
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 51
          i32.const 50
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 51
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 52
          i32.const 51
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 52
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 53
          i32.const 52
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 53
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 54
          i32.const 53
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 54
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 55
          i32.const 54
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 55
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 56
          i32.const 55
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 56
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 57
          i32.const 56
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 57
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 58
          i32.const 57
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 58
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 59
          i32.const 58
          i32.const 3
          i32.rem_u
          i32.store8
        end
        local.get 0
        i64.const 5
        i64.sub
        local.set 0
        block ;; label = @3
          i32.const 59
          i32.load8_u
          br_if 0 (;@3;)
          local.get 0
          i64.const 29
          i64.sub
          local.set 0
          i32.const 60
          i32.const 59
          i32.const 3
          i32.rem_u
          i32.store8
        end
      end
      local.get 0
      global.set 0
      return
    end
    local.get 0
    global.set 0
    unreachable
  )
)
