;; The guest of the self-check (self_check.cc). The bytes in self_check_guest.inc are made of this text;
;; self_check_test.cc checks that they still are.
(module
  (import "t" "stop" (func $t_stop (param i32)))
  (import "t" "answer" (func $answer (result i32)))
  (memory 2 64)
  (data (i32.const 100) "\2a")
  (table 2 funcref)
  (type $pair (func (param i32) (result i32)))
  (tag $jump (param i32))
  (elem (i32.const 0) $yield)
  (global $sum (export "__stack_pointer") (mut i32) (i32.const 0))
  (global $pointer (export "__cloche_tp") (mut i32) (i32.const 0))
  (func $yield)
  (func $stop (param i32) (call $t_stop (local.get 0)) (call $yield))

  ;; Stops below `depth` frames, then checks each of them on the way up.
  (func $descend (param $depth i32) (result i32) (local $mine i32) (local $result i32)
    (local.set $mine (i32.mul (local.get $depth) (i32.const 7)))
    (if (local.get $depth)
      (then (local.set $result (call $descend (i32.sub (local.get $depth) (i32.const 1)))))
      (else (call $stop (i32.const 1)) (local.set $result (call $answer))))
    (if (i32.ne (local.get $mine) (i32.mul (local.get $depth) (i32.const 7))) (then (unreachable)))
    (local.get $result))

  (func $forever (param i32) (result i32)
    (i32.add (call $forever (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
  (func $throw (param i32) (throw $jump (local.get 0)))
  (func $jumps (param $count i32)
    (loop $next
      (block $caught (result i32)
        (try_table (catch $jump $caught) (call $throw (local.get $count)))
        (unreachable))
      (if (i32.ne (local.get $count)) (then (unreachable)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $next (local.get $count))))

  ;; What the host asks for; 0 is to go on.
  (func $act (param $what i32)
    (block $go_on
      (block $jump (block $full (block $spin
      (block $throw (block $signature (block $null (block $overflow
      (block $conversion (block $integer (block $division
      (block $outside (block $trap
        (br_table $go_on $trap $outside $division $integer $conversion $overflow $null $signature
                  $throw $spin $full $jump $go_on (local.get $what)))
      (; trap ;) (unreachable))
      (; outside ;) (drop (i32.load (i32.const 0xfffffff0))) (return))
      (; division ;) (drop (i32.div_u (i32.const 1) (global.get $pointer))) (return))
      (; integer ;)
      (drop (i32.div_s (i32.const 0x80000000) (i32.sub (global.get $pointer) (i32.const 1)))) (return))
      (; conversion ;) (drop (i32.trunc_f64_s (f64.const nan))) (return))
      (; overflow ;) (drop (call $forever (i32.const 0))) (return))
      (; null ;) (call_indirect (i32.const 1)) (return))
      (; signature ;) (drop (call_indirect (type $pair) (i32.const 1) (i32.const 0))) (return))
      (; throw ;) (call $throw (i32.const 1)) (return))
      (; spin ;) (loop $l (br_if $l (i32.eqz (global.get $pointer)))) (return))
      (; full ;)
      (memory.fill (i32.const 0) (i32.const 1) (i32.mul (memory.size) (i32.const 65536)))
      (memory.fill (i32.const 1) (i32.const 1) (i32.mul (memory.size) (i32.const 65536)))
      (return))
      (; jump ;) (call $jumps (i32.const 100))))

  ;; Answers: a depth, a number to add, then what to act until 99.
  (func (export "_start") (local $number i32)
    (local.set $number (call $descend (call $answer)))
    (i32.store (i32.const 70000) (i32.add (i32.load (i32.const 70000)) (local.get $number)))
    (global.set $sum (i32.add (global.get $sum) (local.get $number)))
    (call $stop (i32.add (i32.mul (i32.load (i32.const 70000)) (i32.const 1000)) (global.get $sum)))
    (loop $next
      (if (i32.eq (call $answer) (i32.const 99)) (then (return)))
      (call $act (call $answer))
      (call $stop (i32.add (i32.load8_u (i32.const 100)) (global.get $sum)))
      (br $next))))
