#@ files: memfs
# A trap interrupts wait; the status is above 128 and the job lives on.
n=0
trap 'n=1' USR1
mkfifo go
{ read -r _ <go; } &
job=$!
{ until [ -e stop ]; do
  kill -USR1 $$
  sleep 0.02
done; } &
killer=$!
wait $job
echo "interrupted $(($? > 128)) $n"
: >stop
while :; do wait $killer && break; done
kill -0 $job && echo alive
echo >go
wait $job
echo "status $?"
rm go stop
