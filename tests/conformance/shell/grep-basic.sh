# grep: BRE, ERE, fixed, options, context, status.
printf 'alpha\nbeta\ngamma\nAlpha beta\n\n42 is 6*7\na.b\n' >f
grep a f
grep -i ALPHA f
grep -v a f
grep -c a f
grep -n beta f
grep -o 'a.' f
grep -w beta f
grep -x beta f
grep -E '^(alpha|beta)$' f
grep -F '6*7' f
grep -E '[0-9]{2}' f
grep '^$' f | wc -l
grep -A1 -B1 gamma f
grep -l alpha f /dev/null
grep -L alpha f
grep -h alpha f f
grep -H alpha f
grep -m1 a f
grep -q nope f
echo $?
grep x missing
echo $?
grep -s x missing
echo $?
grep 'a\.b' f
grep -E 'a+b?' -o f | head -n 3
grep '\(a\).*\1' f
grep -e beta -e gamma f
printf 'beta\n42\n' | grep -f - f
grep '[[:upper:]]' f
grep -b gamma f
grep -E '(' f
echo $?
