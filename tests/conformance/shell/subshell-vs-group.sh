# What a subshell keeps to itself.
a=1
(
  a=2
  cd /
  umask 077
  exec 3>/dev/null
  trap 'echo t' EXIT
  set -f
  f() { :; }
)
echo "$a" "$(umask)" "$-" | tr -d 'h'
type f 2>/dev/null
echo $?
{ a=3; }
echo $a
(exit 5)
echo $?
{ (exit 6); }
echo $?
(
  a=4
  (
    a=5
    (
      a=6
      echo $a
    )
    echo $a
  )
  echo $a
)
echo $a
echo "$BASH_SUBSHELL $(echo $BASH_SUBSHELL) $( (echo $BASH_SUBSHELL))"
[ $$ = "$(echo $$)" ] && echo "same \$\$"
[ $BASHPID = "$(echo $BASHPID)" ] || echo "other BASHPID"
