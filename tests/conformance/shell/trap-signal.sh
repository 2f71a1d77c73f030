# Handlers for signals that the shell sends itself.
trap 'echo got USR1' USR1
trap 'echo got TERM' TERM
kill -USR1 $$
echo between
kill -TERM $$
echo after
trap - USR1
trap '' TERM
kill -TERM $$
echo ignored
(
  kill -TERM $BASHPID
  echo subshell ignores too
)
trap -p TERM
trap -p USR1
trap 'echo two' USR1 USR2
kill -USR2 $$
kill -s USR1 $$
trap -p | wc -l
