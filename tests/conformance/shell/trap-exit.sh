# EXIT traps run once, with the right status, also in subshells and with -e.
trap 'echo "exit trap $?"' EXIT
(
  trap 'echo sub trap' EXIT
  echo in sub
)
echo "after $?"
(exit 3)
echo $?
bash -c 'trap "echo inner \$?" EXIT; false; exit 9'
echo $?
bash -ec 'trap "echo inner \$?" EXIT; false; echo not reached'
echo $?
f() { trap 'echo replaced' EXIT; }
f
exit 4
