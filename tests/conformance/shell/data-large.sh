# Tens of megabytes through pipes, files and tools.
head -c 20000000 /dev/zero | cksum
seq 1 500000 >f
wc f
cksum <f
cat f f | sort -n -u | cksum
tac f | head -n 1
split -b 1000000 f p.
cat p.* | cmp - f && echo same
rm p.*
cp f g
cmp f g && echo copied
dd if=f of=h bs=64K 2>/dev/null
cmp f h && echo copied
head -c 5000000 /dev/urandom >r
cat r | cat | cat | cmp - r && echo unharmed
rm f g h r
