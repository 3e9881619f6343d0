;; `while`: the exit in front, the way back at the end.
(module
  (memory (export "memory") 1)
  (func (export "call main") (local $n i32)
    (local.set $n (i32.const 27))
    (block $done
      (loop $again
        (br_if $done (i32.le_u (local.get $n) (i32.const 1)))
        (if (i32.and (local.get $n) (i32.const 1))
          (then (local.set $n (i32.add (i32.mul (local.get $n) (i32.const 3)) (i32.const 1))))
          (else (local.set $n (i32.shr_u (local.get $n) (i32.const 1)))))
        (br $again)))))
