# Indexed arrays.
a=(zero one two)
a[5]=five
a+=(six)
a[1]=ONE
echo "${a[@]}" "${#a[@]}" "${!a[@]}" "${a[-1]}" "${a}" "${#a[5]}"
unset 'a[2]'
echo "${!a[@]}"
echo "${a[@]:1:2}"
b=("${a[@]}")
b=([3]=x [1]=y z)
declare -p b
for i in "${!b[@]}"; do echo "$i=${b[i]}"; done
c=()
echo "${#c[@]}" "${c[@]-unset}"
c+=(a)
echo "${c[0]}"
a=("x y" z)
set -- "${a[@]}"
echo $#
set -- ${a[@]}
echo $#
