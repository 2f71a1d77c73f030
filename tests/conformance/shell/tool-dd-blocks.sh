# dd: skip, seek, count, conversions, partial reads from a pipe.
seq 1000 >f
dd if=f bs=10 skip=5 count=3 2>/dev/null
dd if=f of=g bs=100 count=2 2>/dev/null
wc -c <g
dd if=f of=g bs=1 seek=500 count=10 conv=notrunc 2>/dev/null
wc -c <g
printf abc | dd bs=2 conv=swab 2>/dev/null
echo
(
  printf part1
  sleep 0.1
  printf part2
) | dd bs=100 iflag=fullblock count=1 2>/dev/null
echo
dd if=/dev/zero of=z bs=1M count=3 2>/dev/null
wc -c <z
dd if=f bs=1000 count=1 status=none | cksum
dd if=missing 2>/dev/null
echo $?
dd bs=abc 2>/dev/null
echo $?
rm z
