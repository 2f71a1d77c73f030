#@ files: memfs
#@ shell: dash
# Background jobs, traps and signals in dash.
(exit 3) &
wait $!
echo $?
trap 'echo usr1' USR1
kill -USR1 $$
echo after
sleep 60 &
kill $!
wait $!
echo $?
trap '' TERM
kill -TERM $$
echo alive
trap - TERM
trap
x=$(
  trap - USR1
  sh -c 'kill -USR1 $$'
  echo $?
)
echo "$x"
mkfifo p
cat p &
echo through >p
wait
rm p
sh -c 'kill -HUP $$'
echo $?
true | false
echo $?
echo $(sh -c 'exit 9') $?
cat <<E | (
doc
E
  read -r a
  echo "got $a"
)
