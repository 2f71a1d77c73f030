# A here-document larger than a pipe buffer, and many in a loop.
big=$(seq 1 30000)
cat <<E | cksum
$big
E
for i in $(seq 50); do cat <<E; done | cksum
line $i $((i * i))
E
wc -l <<<"$big"
