# tail -f sees what is appended and ends with its writer.
: >log
(for i in 1 2 3; do
  echo "line $i" >>log
  sleep 0.1
done) &
w=$!
timeout 10 tail -n +1 -f -s 0.05 --pid=$w log
echo $?
wait
