# Coprocesses.
coproc bc_like { while read -r l; do echo "$((l))"; done; }
echo 6*7 >&"${bc_like[1]}"
read -r a <&"${bc_like[0]}"
echo "$a"
echo 2+3 >&"${bc_like[1]}"
read -r a <&"${bc_like[0]}"
echo "$a"
eval "exec ${bc_like[1]}>&-"
wait "$bc_like_PID"
echo "status $?"
coproc {
  read -r x
  echo "got $x"
  exit 5
}
echo hi >&"${COPROC[1]}"
pid=$COPROC_PID
read -r r <&"${COPROC[0]}"
echo "$r"
wait "$pid"
echo $?
