# awk: fields, patterns, variables, control flow.
printf 'alice 30 x\nbob 25 y\ncarol 35 x\n' >f
awk '{print $1, NF, NR}' f
awk '$2 > 26' f
awk '/b/ {print "match", $0}' f
awk 'BEGIN {print "start"} END {print "end", NR}' f
awk '{s += $2} END {print s, s/NR}' f
awk -F: '{print $2}' <<<'a:b:c'
awk -v n=5 'BEGIN {print n * 2}'
awk 'NR==2, NR==3' f
awk '{$2 = ""; print}' f
awk 'BEGIN {OFS="-"} {$1 = $1; print}' f
awk '{a[$3] = a[$3] " " $1} END {print "x:" a["x"]; print "y:" a["y"]}' f
awk 'BEGIN {for (i = 1; i <= 3; i++) printf "%d,", i; print ""; while (i > 0) i--; print i; do i++; while (i < 4); print i}'
awk '{if ($2 > 28) print $1, "old"; else print $1, "young"}' f
awk 'END {print $0}' f
awk '!seen[$3]++' f
awk '{print $NF, $(NF-1)}' f
awk 'BEGIN {exit 3}'
echo $?
awk '{next; print "never"} END {print "e"}' f
awk 'BEGIN {print length("hello"), 1e3, 0.1 + 0.2, 2 ^ 10, 7 % 3, 1 == 1.0, "a" < "b"}'
