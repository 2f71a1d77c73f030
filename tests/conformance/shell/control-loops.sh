# for, while, until, break and continue with levels.
for i in 1 2 3; do for j in a b c; do
  [ $j = b ] && continue 2
  echo $i$j
done; done
for i in 1 2 3; do for j in a b; do
  [ $i$j = 2b ] && break 2
  echo $i$j
done; done
n=0
until [ $n -ge 3 ]; do n=$((n + 1)); done
echo $n
while :; do
  n=$((n + 1))
  [ $n -gt 6 ] && break
done
echo $n
for x; do echo never; done
set -- p q
for x; do echo $x; done
for x in; do echo never; done
i=5
while ((i--)); do
  ((i % 2)) && continue
  echo $i
done
for f in *.none; do echo "$f"; done
{
  echo group
  false
}
echo $?
(exit 6)
echo $?
if ! false; then echo neg; fi
