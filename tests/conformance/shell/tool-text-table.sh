# Turning text into tables and back.
cat >t <<'E'
name,qty,price
bolt,100,0.25
nut,200,0.10
gear,3,12.50
E
tail -n +2 t | awk -F, '{printf "%-8s %6d %8.2f %9.2f\n", $1, $2, $3, $2 * $3; s += $2 * $3} END {printf "%-8s %24.2f\n", "total", s}'
sort -t, -k3,3nr t | cut -d, -f1
paste -d' ' <(cut -d, -f1 t) <(cut -d, -f2 t)
tr ',' '\n' <t | grep -c .
sed 's/,/\t/g' t | expand -t 10
awk -F, 'NR > 1 {print $1 > ($2 > 50 ? "many" : "few")}' t
cat many
cat few
head -n 1 t | tr , '\n' | nl
pr -t -2 -w 40 t
