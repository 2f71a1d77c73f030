# find and rm over a few thousand files.
for i in $(seq 1 40); do
  mkdir d$i
  (cd d$i && touch f{1..50})
done
find . -type f | wc -l
find . -name 'f5*' | wc -l
find . -type f -print0 | xargs -0 -n 500 | wc -l
find d1 d2 -delete
ls | wc -l
rm -rf d*
ls -A | wc -l
