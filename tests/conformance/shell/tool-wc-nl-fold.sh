# wc, nl, fold, fmt, expand, unexpand, pr, tac, rev, od, cksum.
printf 'one two\nthree\n\nfour  five six\n' >f
wc f
wc -l <f
wc -w f f
wc -L f
nl f
nl -ba -w2 -s': ' f
fold -w 5 f
echo 'a fairly long line of words to be filled again' | fmt -w 20
printf 'a\tb\n' | expand -t 4
printf '        x\n' | unexpand
tac f
od -c f | head -n 3
od -An -tx1 -N8 f
od -An -td2 -N6 f
cksum f
sum f
printf abc | od -tx2
printf 'a\tb' | cat -A
cat -n f
cat -s -E f
