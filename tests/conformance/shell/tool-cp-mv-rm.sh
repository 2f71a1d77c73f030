# cp, mv, rm, ln, install: modes, links, recursion, refusals.
mkdir -p s/in
echo data >s/f
chmod 640 s/f
ln -s f s/l
ln s/f s/hard
echo deep >s/in/g
cp s/f c1
cp -p s/f c2
cp -r s t
cp -a s u
[ -L u/l ] && echo link kept
[ u/f -ef u/hard ] && echo "hard links kept"
cp s c3
echo $?
cp -n c1 c2
mv c1 moved
mv t u
ls u
mv moved u/in
cp -u s/f c2
cp --backup=numbered s/f c2
ls
rm u
echo $?
rm -r u/t
rm -f nothing
echo $?
rmdir s
echo $?
rm -rf u
ln -s target sl
ln -sf other sl
readlink sl
ln missing x
echo $?
install -m 755 -D s/f deep/er/prog
stat -c %a deep/er/prog
cp s/f s/f
echo $?
mv s s/in
echo $?
echo overwrite >o
cp -f s/f o
cat o
cp -T s/in newdir
ls newdir
cp -l s/f hl
stat -c %h hl
cp -s "$PWD/s/f" sy
cat sy
