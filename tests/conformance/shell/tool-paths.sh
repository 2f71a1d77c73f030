# basename, dirname, realpath, readlink, mktemp, pathchk, pwd.
basename /a/b/c.txt
basename /a/b/c.txt .txt
basename /
basename a/
dirname /a/b/c a / b
mkdir -p d/e
ln -s d/e l
ln -s loop loop
ln -s missing dang
touch d/e/f
readlink l
readlink -f l/f | sed 's,.*/w/,,'
readlink -f dang | sed 's,.*/w/,,'
readlink -e dang
echo $?
realpath l/../x 2>&1 | sed 's,.*/w/,,'
realpath -m no/such/../path | sed 's,.*/w/,,'
realpath --relative-to=d l
realpath loop 2>/dev/null || echo loop
t=$(mktemp)
[ -f "$t" ] && stat -c %a "$t"
rm "$t"
t=$(mktemp -d)
stat -c %a "$t"
rmdir "$t"
mktemp -u abc.XXX | wc -c
pathchk -p 'bad name*' 2>/dev/null
echo $?
