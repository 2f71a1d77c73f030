# Deep recursion and mutual recursion.
down() { if (($1 > 0)); then down $(($1 - 1)); else echo bottom ${#FUNCNAME[@]}; fi; }
down 400
even() {
  (($1 == 0)) && return 0
  odd $(($1 - 1))
}
odd() {
  (($1 == 0)) && return 1
  even $(($1 - 1))
}
even 100 && echo even
even 101 || echo odd
fib() {
  (($1 < 2)) && {
    r=$1
    return
  }
  local a
  fib $(($1 - 1))
  a=$r
  fib $(($1 - 2))
  r=$((a + r))
}
fib 15
echo "$r"
hanoi() {
  (($1 == 0)) && return
  hanoi $(($1 - 1)) $2 $4 $3
  moves+="$2$3 "
  hanoi $(($1 - 1)) $4 $3 $2
}
hanoi 5 a b c
echo "$moves" | wc -w
FUNCNEST=20
(down 50)
echo $?
