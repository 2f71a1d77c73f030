# Names with newlines and spaces through every common tool.
d=$'a dir\nwith newline'
mkdir "$d"
echo x >"$d/f 1"
echo y >"$d/f"$'\n'"2"
ls -b
find . -type f -print0 | sort -z | while IFS= read -r -d '' f; do printf '%q\n' "$f"; done
cp -r "$d" 'b c'
diff -r "$d" 'b c' && echo same
find 'b c' -type f -exec rm {} +
rmdir 'b c'
tar -cf t.tar "$d"
tar -tf t.tar | wc -l
mv "$d" $'\ttab'
ls -Q
cat ./*tab/f\ 1
for f in ./*tab/*; do echo "${f##*/}"; done
rm t.tar
