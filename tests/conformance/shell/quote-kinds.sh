# Single, double, ANSI-C and backslash quoting.
echo 'a $b `c` \d' "a \$b \`c\` \\d \e" a\ \ b $'\x41\102\u0043\t|\n|\\|\'' "it's" 'say "x"'
echo "line one \
continued"
echo $'nul ends\0here' | od -c
echo "$(echo "inner \"quoted\"")" "$(echo "in $(echo "deep")")"
