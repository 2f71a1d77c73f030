#@ files: memfs
# Stopping and continuing a child.
mkfifo p
{
  read -r x <p
  echo "read $x"
} &
j=$!
kill -STOP $j
until [ "$(cut -d' ' -f3 /proc/$j/stat)" = T ]; do sleep 0.01; done
echo stopped
kill -CONT $j
echo word >p
wait $j
echo $?
rm p
