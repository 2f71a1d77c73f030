# gzip, gunzip, zcat: streams, files, levels, errors.
seq 20000 >f
gzip -c f | gzip -dc | cmp - f && echo same
gzip -k f
gzip -t f.gz
echo $?
gzip -l f.gz | awk 'NR == 2 {print $2, $4}'
rm f
gunzip f.gz
cksum f
for l in 1 6 9; do gzip -n -$l <f | gzip -d | cksum; done
zcat <(gzip -c <f) | tail -n 1
head -c 1000000 /dev/zero | gzip -n | wc -c | awk '{print ($1 < 2000)}'
printf '' | gzip | gzip -d | wc -c
echo notgzip | gzip -d
echo $?
gzip f
gzip f.gz
echo $?
head -c 1000 f.gz | gzip -d 2>/dev/null | head -n 1
cat f.gz f.gz | gzip -d | wc -l
rm f.gz
