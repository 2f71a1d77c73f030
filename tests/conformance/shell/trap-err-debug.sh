# ERR, DEBUG and RETURN traps.
trap 'echo "ERR $? line"' ERR
false
(exit 4)
true && false
false || true
! true
if false; then :; fi
f() { false; }
f
trap - ERR
set -E
trap 'echo E' ERR
f
set +E
trap - ERR
trap 'echo "D:$BASH_COMMAND"' DEBUG
x=1
echo "$x"
trap - DEBUG
g() {
  trap 'echo returning' RETURN
  echo in g
}
g
trap - RETURN
