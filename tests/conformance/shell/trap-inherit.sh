# Traps are reset in subshells, ignored signals are inherited.
#@ normalise: (line \d+:) +\d+ +(Killed|User|Terminated|Hangup) => \1 PID \2
trap 'echo parent' USR1
(
  trap -p USR1
  kill -USR1 $BASHPID
  echo never
)
echo "status $?"
trap '' USR1
(
  kill -USR1 $BASHPID
  echo survived
)
bash -c 'kill -USR1 $$; echo still ignored after exec'
trap - USR1
bash -c 'kill -USR1 $$; echo never'
echo $?
