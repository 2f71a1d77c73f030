# cat with several inputs, standard input in the middle, itself as output, directories.
echo one >1
echo two >2
echo in | cat 1 - 2
cat 1 missing 2
echo $?
mkdir d
cat d
echo $?
cat <1 2
cat 1 1 >3
wc -l <3
cat 3 >>3 2>/dev/null || echo "input is output"
printf 'no newline' | cat - 1
cat -n 1 2
cat </dev/null
cat -- 1
