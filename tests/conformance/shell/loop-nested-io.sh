# Loops that read and write different descriptors at once.
seq 3 >a
printf 'x\ny\nz\n' >b
while read -r l <&3 && read -r r <&4; do
  echo "$l$r"
done 3<a 4<b >out
cat out
for f in a b; do
  while read -r l; do
    echo "$f:$l"
  done <$f
done
{
  read -r one
  while read -r l; do echo "rest $l"; done
  echo "first $one"
} <a
exec 5<b
for i in 1 2; do
  read -r l <&5
  echo "$i $l"
done
exec 5<&-
