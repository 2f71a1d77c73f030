# Twenty descriptors open at once, moved, read in turn, closed.
for i in {10..29}; do
  echo "file $i" >f.$i
  eval "exec $i<f.$i"
done
for i in {29..10}; do
  read -r l <&$i
  echo "$l"
done | tail -n 3
exec 40<&10-
(read -r x <&10) 2>/dev/null || echo "10 is closed"
for i in {11..29}; do eval "exec $i<&-"; done
read -r x <&15 || echo "closed"
exec {a}>one {b}>two
echo 1 >&$a
echo 2 >&$b
exec {a}>&- {b}>&-
cat one two
rm f.*
