#@ files: memfs
# Jobs that meet through FIFOs run in an order that the case decides.
mkfifo a b
{
  read -r x <a
  echo "1 $x"
  echo go >b
} &
{
  read -r x <b
  echo "2 $x"
} &
echo first >a
wait
echo end
rm a b
for i in 1 2 3 4 5; do (echo "$i" >out.$i) & done
wait
cat out.*
p=()
for i in 5 6 7; do
  (exit $i) &
  p+=($!)
done
for j in "${p[@]}"; do
  wait "$j"
  echo $?
done
