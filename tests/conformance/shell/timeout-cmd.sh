# timeout(1): in time, too late, other signal, -k, --preserve-status, status of the command.
#@ normalise: (line \d+:) +\d+ +(Killed|User|Terminated|Hangup) => \1 PID \2
timeout 10 true
echo $?
timeout 10 sh -c 'exit 5'
echo $?
timeout 0.1 sleep 10
echo $?
timeout -s KILL 0.1 sleep 10
echo $?
timeout --preserve-status 0.1 sleep 10
echo $?
timeout -k 0.1 0.1 sh -c 'trap "" TERM; while :; do sleep 0.05; done'
echo $?
timeout 5 nosuch 2>/dev/null
echo $?
timeout 1x true 2>/dev/null
echo $?
echo in | timeout 5 cat
timeout 0 echo unlimited
