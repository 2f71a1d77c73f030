# A substitution that is much larger than a pipe.
v=$(seq 1 60000)
echo ${#v}
printf '%s' "$v" | cksum
w=$(head -c 300000 /dev/zero | tr '\0' x)
echo ${#w}
printf '%s' "$w" | wc -c
