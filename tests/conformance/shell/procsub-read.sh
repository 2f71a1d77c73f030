# Process substitution as input.
cat <(echo one) <(echo two)
paste -d- <(seq 3) <(seq 4 6)
diff <(printf 'a\nb\n') <(printf 'a\nc\n')
echo "status $?"
while read -r x; do echo "got $x"; done < <(printf '1\n2\n')
comm -12 <(printf 'a\nb\nc\n') <(printf 'b\nc\nd\n')
wc -c < <(head -c 100000 /dev/zero)
