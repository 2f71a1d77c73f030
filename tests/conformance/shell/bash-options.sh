# shopt and set options that change behaviour.
shopt -s extglob nullglob
shopt -q extglob && echo on
shopt -u nullglob
set -o noglob
echo *
set +o noglob
set -o posix
echo "${POSIXLY_CORRECT-unset}"
set +o posix
shopt -s nocasematch
[[ ABC == abc ]] && echo nocase
case X in x) echo case ;; esac
shopt -u nocasematch
set -k
f() { echo "$a"; }
a=0
f a=5
set +k
shopt -s inherit_errexit
(
  set -e
  x=$(
    false
    echo not
  )
  echo no
)
echo $?
set -o nounset
(echo "$undefined") 2>/dev/null
echo $?
bash -O extglob -c 'echo @(a|b)'
bash -o pipefail -c 'false | true; echo $?'
bash --posix -c 'echo posix'
shopt -p extglob
