#@ files: memfs
# Output order of a line-wise conversation through a FIFO pair.
mkfifo to from
(while read -r l; do echo "answer to $l"; done <to >from) &
exec 3>to 4<from
for w in one two three; do
  echo $w >&3
  read -r r <&4
  echo "$r"
done
exec 3>&- 4<&-
wait
rm to from
