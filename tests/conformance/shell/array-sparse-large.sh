# Large and sparse indices.
a[1000000]=far
a[3]=near
echo "${!a[@]}" "${#a[@]}"
for ((i = 0; i < 2000; i++)); do b[i]=$((i * i)); done
echo "${b[1999]} ${#b[@]}"
unset 'b[0]'
echo "${b[@]:0:2}"
(a[-9999999]=x)
echo $?
