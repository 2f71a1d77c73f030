#@ files: memfs
# xargs -P: all run, and at the same time.
seq 8 | xargs -P 4 -I{} sh -c 'echo {} > out.{}'
cat out.* | sort -n | tr '\n' ' '
echo
mkfifo a b
printf '1\n2\n' | timeout 20 xargs -P 2 -I{} sh -c 'if [ {} = 1 ]; then echo one > a; cat b; else cat a > got; echo two > b; fi'
cat got
rm a b out.*
seq 40 | xargs -P 3 -n 5 sh -c 'exit $(($1 == 11))' sh
echo $?
