# Many process substitutions at once, and nested ones.
cat <(echo 1) <(echo 2) <(echo 3) <(echo 4) <(echo 5)
cat <(cat <(cat <(echo deep)))
paste <(seq 5) <(seq 6 10) <(seq 11 15)
join <(sort <(printf 'b 2\na 1\n')) <(sort <(printf 'a x\nb y\n'))
for i in $(seq 20); do read -r x < <(echo $i); done
echo $x
diff <(seq 1000) <(seq 1000) && echo same
sort -m <(seq 1 2 9) <(seq 2 2 10) | paste -sd,
f() { cat "$1" "$2"; }
f <(echo arg one) <(echo arg two)
[ -e <(:) ] && echo exists
