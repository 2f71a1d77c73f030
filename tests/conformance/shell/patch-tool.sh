# patch: unified, context, reversed, fuzz, rejects, backups, new and removed files, a dry run.
#@ needs: patch
seq 30 >old
sed 's/^5$/five/;s/^25$/twenty-five/' old >new
diff -u --label old --label new old new >u.diff
diff -c --label old --label new old new >c.diff
cp old f && patch f u.diff && cmp f new && echo same
patch -R f <u.diff && cmp f old && echo back
patch f c.diff && cmp f new && echo same
patch --dry-run -R f u.diff && cmp f new && echo untouched
patch -N f u.diff
echo "again $?"
cat f.rej 2>/dev/null | head -n 3
(seq 3 | sed 's/^/x/'; cat old) >shifted && patch shifted u.diff && sed -n '8p;28p' shifted
sed 's/^4$/four/' old >fuzzy && patch -b fuzzy u.diff
ls fuzzy*
seq 5 >other && patch other u.diff
echo "fails $?"
rm -f -- *.rej *.orig
mkdir -p a/dir b/dir && echo gone >a/dir/gone && echo new >b/dir/new && echo 1 >a/both && echo 2 >b/both
diff -Nru a b >tree.diff
(cd a && patch -p1 <../tree.diff) && diff -r a b && echo equal
echo garbage | patch f
echo "garbage $?"
rm -rf a b old new f shifted fuzzy* other* ./*.diff ./*.rej f.orig
