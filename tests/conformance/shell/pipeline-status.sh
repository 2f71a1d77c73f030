# Status of pipelines: last command, pipefail, PIPESTATUS, negation.
true | false
echo $?
false | true
echo $?
set -o pipefail
false | true
echo $?
(exit 3) | (exit 4) | true
echo $?
set +o pipefail
(exit 1) | (exit 2) | (exit 3)
echo "${PIPESTATUS[@]}"
true
echo "${PIPESTATUS[@]}"
! true | false
echo $?
echo a | (
  cat
  exit 5
)
echo "${PIPESTATUS[*]}"
yes | head -n 1
echo "${PIPESTATUS[@]}"
seq 100000 | head -n 1 | cat
echo "${PIPESTATUS[@]}"
