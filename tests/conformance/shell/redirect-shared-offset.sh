# Descriptors that share one offset: dup, subshell, >> from several writers.
{
  echo 1
  (echo 2)
  echo 3
  sh -c 'echo 4'
} >f
cat f
printf 'l1\nl2\nl3\nl4\n' >in
{
  read -r a
  (
    read -r b
    echo "$b"
  )
  read -r c
  echo "$a $c"
} <in
for i in 1 2 3 4; do for j in 1 2 3 4 5; do echo "$i$j"; done >>app & done
wait
sort app -o app
tr '\n' ' ' <app
echo
exec 3<in
head -n1 <&3 >/dev/null
exec 4<&3
read -r r <&4
echo "r=[$r]"
echo long line >g
echo x 1<>g
cat g
