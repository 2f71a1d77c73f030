# nounset, xtrace, noexec, verbose, allexport.
bash -c 'set -u; echo "${a-ok}"; echo $a; echo no' sh
echo $?
bash -c 'set -u; echo "$@" $#; a=(); echo "${a[@]}"; echo $1' sh
echo $?
(
  PS4='+ '
  set -x
  a=1
  echo "$a b"
  [[ $a == 1 ]]
  for i in 1 2; do :; done
  set +x
) 2>&1
bash -n -c 'echo no'
echo $?
bash -n -c 'if'
echo $?
set -a
exported=1
set +a
bash -c 'echo "$exported"'
bash -vc 'echo v' 2>&1
set -o | grep -E 'errexit|pipefail'
echo "${-//[^eux]/}"
