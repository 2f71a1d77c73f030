# ln, readlink, relative links, ln -r, hard link trees, cp of links.
mkdir -p a/b c
echo x >a/f
ln -sr a/f c/l
readlink c/l
cat c/l
ln a/f a/hard
echo y >>a/hard
cat a/f
find a -samefile a/f | sort
cp -P c/l c/copy
readlink c/copy
cp -L c/l c/real
[ -L c/real ] || echo real
ln -s nowhere dang
cp dang x 2>/dev/null
echo $?
cp -P dang x
readlink x
mv x y
readlink y
ln -sfn a link
ln -sfn c link
readlink link
rm link
ls -d a c
ln -s "a b
c" odd
readlink odd
