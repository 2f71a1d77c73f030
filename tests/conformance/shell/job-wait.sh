#@ files: memfs
# Background jobs and the forms of wait.
(exit 3) &
wait $!
echo $?
(exit 4) &
(exit 5) &
wait
echo $?
true &
a=$!
(exit 7) &
b=$!
wait $a
echo $?
wait $b
echo $?
wait 99999
echo $?
mkfifo p
(
  (exit 9) &
  wait -n
  echo "any $?"
)
(
  {
    read -r _ <p
    exit 1
  } &
  x=$!
  (exit 2) &
  y=$!
  wait -n -p who
  echo "first $?"
  [ "$who" = $y ] && echo "the one that did not block"
  echo >p
  wait -n -p who
  echo "second $?"
  [ "$who" = $x ] && echo "the one that blocked"
  wait -n
  echo "none left $?"
)
rm p
