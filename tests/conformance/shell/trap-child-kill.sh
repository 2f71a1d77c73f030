# A child ended by a signal: status, message, trap CHLD.
#@ normalise: (line \d+:) +\d+ +(Killed|User|Terminated|Hangup) => \1 PID \2
bash -c 'kill -TERM $$'
echo $?
bash -c 'kill -9 $$'
echo $?
bash -c 'kill -INT $$'
echo $?
sh -c 'kill -USR1 $$'
echo $?
sleep 100 &
kill $!
wait $!
echo $?
