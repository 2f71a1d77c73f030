# Coprocesses.
coproc bc_like { while read -r l; do echo "$((l))"; done; }
echo 6*7 >&"${bc_like[1]}"
read -r a <&"${bc_like[0]}"
echo "$a"
echo 2+3 >&"${bc_like[1]}"
read -r a <&"${bc_like[0]}"
echo "$a"
pid=$bc_like_PID
eval "exec ${bc_like[1]}>&-"
wait "$pid"
echo "status $?"
coproc {
  read -r x
  echo "got $x"
  exit 5
}
pid=$COPROC_PID
exec 3<&"${COPROC[0]}" 4>&"${COPROC[1]}"
echo hi >&4
read -r r <&3
echo "$r"
wait "$pid"
echo $?
