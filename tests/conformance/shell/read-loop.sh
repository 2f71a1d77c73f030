# while read in its several forms; the last part of a pipeline is a subshell.
n=0
printf 'a\nb\n' | while read -r l; do n=$((n + 1)); done
echo "$n"
n=0
while read -r l; do n=$((n + 1)); done < <(printf 'a\nb\n')
echo "$n"
n=0
while read -r l; do n=$((n + 1)); done <<<$'x\ny\nz'
echo "$n"
shopt -s lastpipe
n=0
printf 'a\nb\n' | while read -r l; do n=$((n + 1)); done
echo "$n"
while read -r a b <&3; do
  read -r c
  echo "$a-$b-$c"
done 3< <(printf '1 2\n3 4\n') < <(printf 'x\ny\n')
while IFS=, read -r f1 f2 f3; do echo "$f3 $f1"; done <<<$'a,b,c\nd,,f'
