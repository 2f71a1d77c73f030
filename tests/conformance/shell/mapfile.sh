# mapfile and readarray.
printf 'a\nb\nc\n' >f
mapfile <f
printf '<%s>' "${MAPFILE[@]}"
echo
mapfile -t l <f
echo "${#l[@]} ${l[2]}"
mapfile -t -s 1 -n 1 m <f
echo "${m[@]}"
mapfile -t -O 5 l <f
echo "${!l[@]}"
mapfile -d : -t p < <(printf 'x:y:z')
echo "${p[@]}"
mapfile -t e </dev/null
echo "${#e[@]}"
cb() { echo "callback $1"; }
mapfile -t -C cb -c 2 q < <(seq 5)
echo "${#q[@]}"
