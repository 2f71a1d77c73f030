# tee, split, csplit, truncate, dd.
seq 10 | tee a b | tail -n 1
seq 3 | tee -a a >/dev/null
wc -l <a
seq 100 >f
split -l 30 f x.
wc -l x.*
split -b 100 -d f y.
ls y.*
cat y.* | cmp - f && echo same
split -n l/3 --additional-suffix=.p f z.
ls z.*
csplit -s f '/^50$/' '{0}'
wc -l xx*
truncate -s 10 f
wc -c <f
truncate -s +5 f
od -An -c f | tail -n 1
truncate -s 0 f
wc -c <f
dd if=/dev/zero of=d bs=1000 count=3 2>/dev/null
printf XYZ | dd of=d bs=1 seek=1000 conv=notrunc 2>/dev/null
cksum d
dd if=d bs=1 skip=1000 count=3 2>/dev/null
echo
echo hello | dd conv=ucase 2>/dev/null
dd if=d of=e bs=512 count=2 conv=sync 2>&1 | head -n 2
