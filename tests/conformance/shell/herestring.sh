# Here-strings.
cat <<<simple
cat <<<"$(echo sub)  spaced"
v='a   b'
cat <<<$v
cat <<<"$v"
cat <<<$'multi\nline'
wc -c <<<''
read -r a b <<<'x y z'
echo "$b"
tr a-z A-Z <<<"upper"
grep -c . <<<$'1\n\n3'
