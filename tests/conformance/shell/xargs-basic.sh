# xargs: splitting, quoting, -n -I -L -0 -d -r -t, status.
echo a b c | xargs
echo a b c d e | xargs -n 2
printf 'a b\nc\n' | xargs -I{} echo '<{}>'
printf 'x y\nz\n' | xargs -L 1 echo :
printf '"a b" c\\ d '"'e f'" | xargs -n 1
printf 'a\0b c\0' | xargs -0 -n 1 echo
printf 'a,b,c' | xargs -d, -n1
printf '' | xargs echo empty
printf '' | xargs -r echo never
echo 1 2 | xargs -t echo
echo x | xargs false
echo $?
echo x | xargs sh -c 'exit 255'
echo $?
echo x | xargs nosuch
echo $?
seq 5000 | xargs | wc -w
seq 10 | xargs -n 3 sh -c 'echo "$# $1"' sh
