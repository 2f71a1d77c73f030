# sort: keys, numeric, reverse, unique, stable, check, merge, separators.
printf '10 b\n9 a\n2 c\n10 a\n' >f
sort f
sort -n f
sort -k2,2 -k1,1nr f
sort -k1,1n -s f
sort -rn f | head -n 2
printf 'b\na\nb\nA\n' | sort -u
printf 'b\na\nB\n' | sort -f
printf '1,z\n2,y\n10,x\n' | sort -t, -k1,1n
printf '1.5\n-2\n1e3\n.5\n' | sort -g
printf 'v1.10\nv1.9\nv1.2\n' | sort -V
printf '5K\n1M\n100\n' | sort -h
sort -c f
echo $?
sort -o f f
cat f
sort -m <(printf '1\n3\n') <(printf '2\n4\n')
printf 'x\0a\0' | sort -z | tr '\0' ' '
