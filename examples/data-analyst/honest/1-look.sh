cd /data
head -n 4 penguins.csv
echo "rows: $(( $(wc -l < penguins.csv) - 1 )), with a gap: $(grep -c NA penguins.csv)"
tail -n +2 penguins.csv | cut -d, -f1 | sort | uniq -c
