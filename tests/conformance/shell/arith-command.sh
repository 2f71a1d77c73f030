# (( )), let, for (( )), arrays in arithmetic.
s=0
for ((i = 1, j = 10; i < j; i++, j--)); do ((s += i * j)); done
echo "$s $i $j"
a=(5 6 7)
((a[1] *= 10))
echo "${a[@]} $((a[0] + a[2]))"
i=0
while ((i < 3)); do ((i++)); done
echo "$i"
declare -i n
n=2+3*4
echo "$n"
n+=1
echo "$n"
n=n*2
echo "$n"
((x = 1 << 62))
echo "$x"
echo $((x * 2)) $((x * 4))
