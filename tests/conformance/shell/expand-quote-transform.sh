# The @ transformations.
s=$'it\'s a\ttab "q"'
echo "${s@Q}"
printf '%s\n' "${s@E}" | od -c | head -3
a=(1 'two words')
echo "${a[@]@Q}"
echo "${a[@]@A}"
v=5
echo "${v@A}"
declare -i n=3
echo "${n@a} ${n@A}"
e='a\tb'
echo "${e@E}" | od -c
w=mixed
echo "${w@U} ${w@u} ${w@L}"
