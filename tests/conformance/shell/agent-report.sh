# The kind of script an agent writes: logs to a report.
for i in $(seq 1 400); do
  printf '10.0.%d.%d - - [%02d/May/2024] "GET /p/%d HTTP/1.1" %d %d\n' $((i % 3)) $((i % 17)) $((i % 28 + 1)) $((i % 11)) $((i % 13 == 0 ? 500 : i % 7 == 0 ? 404 : 200)) $((i * 37 % 5000))
done >access.log
declare -A by_code
while read -r ip _ _ _ _ path _ code size; do
  ((by_code[$code]++))
  ((total += size))
done <access.log
for c in "${!by_code[@]}"; do echo "$c ${by_code[$c]}"; done | sort
echo "total $total"
echo "top addresses"
cut -d' ' -f1 access.log | sort | uniq -c | sort -k1,1nr -k2 | head -n 3
echo "slowest paths"
awk '{s[$6] += $NF} END {for (p in s) print s[p], p}' access.log | sort -rn | head -n 3
join <(awk '$8 == 500 {print $6}' access.log | sort | uniq -c | awk '{print $2, $1}') <(awk '$8 == 404 {print $6}' access.log | sort | uniq -c | awk '{print $2, $1}')
comm -23 <(awk '$8 == 404 {print $1}' access.log | sort -u) <(awk '$8 == 500 {print $1}' access.log | sort -u) | wc -l
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for d in 01 02 03; do grep "\[$d/" access.log >"$tmp/$d" & done
wait
wc -l <"$tmp/02"
