# tsort, factor in pipes, seq with awk, shuf with a seed file, comm of streams.
printf 'a b\nb c\na c\nd c\n' | tsort
printf 'a b\nb a\n' | tsort >/dev/null 2>&1
echo $?
seq 2 30 | factor | awk 'NF == 2 {print $2}' | paste -sd' '
seq 10 | shuf --random-source=<(yes) | sort -n | paste -sd,
printf 'x\ty\n' | expand | unexpand -a | od -c | head -n 1
printf 'b\na\n' | sort | comm -12 - <(printf 'a\n')
seq 20 | pr -5 -t -w 50
printf '%s\n' one two three | awk '{print length($0), $0}' | sort -n | cut -d' ' -f2
