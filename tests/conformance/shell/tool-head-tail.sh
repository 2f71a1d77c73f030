# head and tail in all their counting ways.
seq 20 >f
head -n 3 f
head -n -17 f
head -c 5 f
tail -n 2 f
tail -n +19 f
tail -c 4 f
head -n 1 f - <f
seq 100000 | tail -n 1
seq 100000 | head -n 50000 | tail -n 1
printf 'no newline' | tail -n 1
echo
printf '' | tail -n 3 | wc -c
head -n 2 missing f
echo $?
