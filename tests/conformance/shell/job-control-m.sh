# Job control without a terminal: own process groups, fg, job numbers, disown.
exec 2> /dev/null # when the end of a job is told depends on timing
set -m
sleep 60 &
a=$!
[ "$(cut -d' ' -f5 /proc/$a/stat)" -eq $a ] && echo "own group"
[ "$(cut -d' ' -f5 /proc/$$/stat)" -ne $a ] && echo "not mine"
jobs
kill %1
wait $a # the job may be forgotten by now, its status is not
echo $?
(
  kill -STOP $BASHPID
  exit 3
) &
until [ -n "$(jobs -s)" ]; do :; done
fg %% >/dev/null 2>&1
echo $?
sleep 60 | sleep 60 &
kill -- -$(jobs -p %%)
wait 2>/dev/null
[ -z "$(jobs -r)" ] && echo "none runs" # whether ended ones are listed depends on timing
sleep 60 &
last=$!
disown %%
jobs
kill $last
echo done
