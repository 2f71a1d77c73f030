# A tree, its manifest, a change, what the manifest finds.
mkdir -p t/{a,b}/{x,y}
for d in t/*/*; do echo "$d" >"$d/file"; done
(cd t && find . -type f | sort | xargs sha256sum) >manifest
wc -l <manifest
(cd t && sha256sum --quiet -c ../manifest) && echo intact
echo changed >>t/a/x/file
rm t/b/y/file
(cd t && sha256sum --quiet -c ../manifest 2>/dev/null)
echo $?
touch -d '-1 hour' manifest
find t -type f -newer manifest | wc -l
du -s --apparent-size -b t >/dev/null && echo du
find t -type d -empty
