;; The linker writes table indices in five bytes; the engine reads one.
(module binary
  "\00asm\01\00\00\00"
  "\01\04\01\60\00\00"                                 ;; type 0: no parameters, no results
  "\03\03\02\00\00"                                   ;; two functions
  "\04\05\01\70\01\01\01"                             ;; a table of one
  "\05\03\01\00\01"                                   ;; a memory of one page
  "\07\16\02\06memory\02\00\09call main\00\01"        ;; exports
  "\09\07\01\00\41\00\0b\01\00"                       ;; function 0 is entry 0
  "\0a\10\02\02\00\0b"                                 ;; function 0: nothing
  "\0b\00\41\00\11\00\80\80\80\80\00\0b")             ;; function 1: call_indirect 0 (table 0, padded)
