# kill: names, numbers, lists, status of the killed.
for s in TERM KILL HUP USR1 ALRM; do
  sleep 60 &
  kill -$s $!
  wait $! 2>/dev/null
  echo "$s $?"
done 2>/dev/null
sleep 60 &
p=$!
kill -0 $p
echo $?
kill -9 $p
wait $p 2>/dev/null
kill -0 $p 2>/dev/null
echo $?
kill -l 15
kill -l KILL
kill -l 143
kill 2>/dev/null
echo $?
kill -NOSUCH 1
echo $?
kill -s TERM 2>/dev/null
echo $?
kill abc
echo $?
