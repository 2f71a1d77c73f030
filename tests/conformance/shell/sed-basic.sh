# sed: substitution, addresses, deletion, insertion, flags.
printf 'one\ntwo\nthree\nfour\nfive\n' >f
sed 's/o/0/' f
sed 's/e/E/2' f
sed 's/e/E/g;s/f/F/' f
sed -n '2p' f
sed -n '2,4p' f
sed -n '/two/,/four/p' f
sed '1d;$d' f
sed '/t/d' f
sed -n '$=' f
sed '2q' f
sed '2i\
inserted' f
sed '2a appended' f
sed '3c changed' f
sed -E 's/(.)(.)/\2\1/' f
sed 's/\(t\)\(.*\)/[\1|\2]/' f
sed 'y/abcdef/ABCDEF/' f
sed -n '1~2p' f
sed '0~2d' f
sed 's|o|/|g' f
sed 's/./&&/3' f
sed -n 's/t/T/p' f
sed -n 's/t/T/w out' f
cat out
sed '/one/!d' f
sed -e 1d -e '$!d' f
sed '2,3{s/^/> /;s/$/ </}' f
