# sort with a small buffer: temporary files, parallel threads, several inputs.
seq 1 60000 | awk '{print ($1 * 7919) % 60013, $1}' >big
sort -S 100K -n big | cksum
sort -n -k2,2 big | cksum
split -n l/4 big part.
sort -n part.* | cksum
for p in part.*; do sort -n -o $p $p; done
sort -n -m part.* | cksum
sort -R big | sort -n | cksum
sort --parallel=2 -S 1M big | cksum
rm part.* big
