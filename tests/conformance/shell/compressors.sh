# bzip2, xz and zstd: round trips, levels, streams, tests, tar with each, damage, what is no archive.
#@ needs: zstd
#@ needs: bzip2
seq 50000 >f
sum=$(cksum <f)
for tool in bzip2 xz zstd; do
  case $tool in bzip2) ext=bz2 ;; xz) ext=xz ;; zstd) ext=zst ;; esac
  echo "== $tool"
  $tool -k f 2>/dev/null && $tool -t f.$ext 2>/dev/null && echo whole
  $tool -dc f.$ext | cmp - f && echo same
  for level in 1 3 6; do [[ $($tool -c -$level <f | $tool -dc | cksum) == "$sum" ]] && echo "level $level"; done
  cat f.$ext f.$ext | $tool -dc | wc -l
  printf '' | $tool -c | $tool -dc | wc -c
  head -c 2000000 /dev/zero | $tool -c | wc -c | awk '{print ($1 < 2000)}'
  head -c 1000 f.$ext | $tool -dc >/dev/null 2>&1
  echo "cut $?"
  size=$(wc -c <f.$ext)
  cp f.$ext bad && printf XXXX | dd of=bad bs=1 seek=$((size / 2)) conv=notrunc status=none
  $tool -dc <bad >/dev/null 2>&1
  echo "damaged $?"
  echo text | $tool -dc >/dev/null 2>&1
  echo "none $?"
  tar -c --use-compress-program=$tool -f t.tar.$ext f && tar -xOf t.tar.$ext | cksum
  rm -f f.$ext bad t.tar.$ext
done
xz -T1 -3e --format=lzma -c f | xz -dc --format=lzma | cksum
xz -c f | xz --robot --list - 2>/dev/null | head -n 1
zstd -q -19 -c f | zstdcat | cksum
bzip2 -c f | bzcat | cksum
unxz -c <(xz -c f) | tail -n 1
zstd -q --train f f f f f f f f -o dict 2>/dev/null || echo "too few samples"
rm -f f dict
