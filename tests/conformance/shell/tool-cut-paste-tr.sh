# cut, paste, tr, column sets.
printf 'a:b:c:d\n1:2:3:4\nnodelim\n' >f
cut -d: -f2 f
cut -d: -f2-3,1 f
cut -s -d: -f4- f
cut -c2-4 f
cut -b1,3 f
cut -d: --complement -f2 f
cut -d: -f1,3 --output-delimiter=' - ' f
paste f f
paste -s -d, f
paste -d '\0:' f f f
seq 6 | paste - - -
echo 'Hello World' | tr 'a-zA-Z' 'n-za-mN-ZA-M'
echo 'aabbcc' | tr -s a-c
echo 'a1b2' | tr -d 0-9
echo 'a1b2' | tr -dc '0-9\n'
echo 'x-y' | tr - _
echo abc | tr '[:lower:]' '[:upper:]'
printf 'a\\b' | tr '\\' /
echo
echo aaa | tr a '[b*2]c'
