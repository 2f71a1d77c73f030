# sleep takes at least its time; SECONDS, EPOCHSECONDS, times, time keyword.
a=${EPOCHREALTIME/./}
sleep 0.1
b=${EPOCHREALTIME/./}
echo $((b - a >= 100000))
sleep 0.05 0.05
c=${EPOCHREALTIME/./}
echo $((c - b >= 100000))
SECONDS=100
echo $((SECONDS >= 100))
times | wc -l
TIMEFORMAT=%U
{ time :; } 2>&1 | grep -c '^[0-9.]*$'
[ $EPOCHSECONDS -gt 1700000000 ] && echo modern
sleep x 2>/dev/null
echo $?
