# grep over a few megabytes.
seq 1 300000 >f
grep -c 7 f
grep -c '^1.*9$' f
grep -cE '(12|34)+5' f
grep -cv 0 f
grep -n '^299999$' f
grep -cF -e 123 -e 456 f
grep -o '9*$' f | sort | uniq -c
rm f
