# seq, expr, factor, numfmt, shuf with a given source, yes.
seq 3
seq 2 2 8
seq 5 -2 1
seq -w 8 11
seq -s, 4
seq -f 'n%03g' 2
seq 0.5 0.25 1.25
expr 3 + 4 \* 2
expr 10 / 3
expr length hello
expr substr hello 2 3
expr index hello l
expr abc : 'a\(.*\)'
expr 5 \> 3
expr 0
echo $?
expr 1 / 0
echo $?
factor 360 97 1000000007 18446744073709551557
numfmt --to=iec 1048576 1500
numfmt --from=si 2K
yes no | head -n 2
shuf -i 1-10 --random-source=/dev/zero | sort -n | paste -sd+
shuf -n 3 -e a b c | sort
