# Sets with sort, comm, join, grep -f, awk.
printf '%s\n' pear apple fig plum | sort >a
printf '%s\n' fig kiwi pear | sort >b
echo union
sort -u a b
echo intersection
comm -12 a b
echo difference
comm -23 a b
echo symmetric
comm -3 a b | tr -d '\t'
grep -Fxf b a
grep -vFxf b a
awk 'NR == FNR {seen[$0]; next} $0 in seen' a b
join a b
sort a b | uniq -d
