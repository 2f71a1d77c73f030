# echo and its options, in bash and in sh.
echo -n no newline
echo
echo -e 'a\tb\nc\\d\0101\x41'
echo -E 'a\tb'
echo -- -n
echo -ne 'x\cy' z
echo
sh -c 'echo "a\tb"; echo -n x; echo'
shopt -s xpg_echo
echo 'a\tb'
