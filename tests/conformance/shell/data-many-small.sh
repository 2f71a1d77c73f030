# A thousand small processes, pipes and files.
for i in $(seq 200); do echo $i; done | while read -r n; do echo "$n" | cat; done | cksum
for i in $(seq 200); do
  x=$(echo $i)
  [ $x = $i ] || echo wrong
done
echo ok
for i in $(seq 100); do echo $i >f.$i; done
cat f.* | sort -n | cksum
for i in f.*; do mv $i g.${i#f.}; done
ls g.* | wc -l
for i in $(seq 100); do /bin/true || echo wrong; done
for i in $(seq 50); do
  (exit $i)
  [ $? = $i ] || echo wrong
done
rm g.*
