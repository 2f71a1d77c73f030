#@ files: memfs
# Named pipes: blocking opens, several writers, end of file, names in tools.
mkfifo p
echo one >p &
cat p
wait
(
  echo a >p
  echo b >p2
) &
mkfifo p2
cat p
cat p2
wait
exec 4<>p
for i in 1 2 3; do echo $i >p & done
wait
head -n 3 <&4 | sort
exec 4<&-
seq 100000 >p &
tail -n 1 p
wait
tee p < <(seq 3) >/dev/null &
paste -sd, p
wait
[ -p p ] && stat -c %F p
exec 4<>p
echo kept >&4
read -r l <&4
echo "$l"
rm p p2
