# tar: create, list, extract, compress, modes, links, times, names.
mkdir -p src/d
echo one >src/f
printf 'x%.0s' {1..3000} >src/d/big
ln -s f src/l
ln src/f src/hard
chmod 751 src/d
chmod 640 src/f
touch -d '2001-02-03 04:05:06' src/f src/d/big src/d src
touch 'src/sp ace' $'src/new\nline'
touch -d '2002-01-01' src/sp* src/new*
touch -d '2001-02-03' src
tar -cf a.tar --sort=name src
tar -tf a.tar
tar -czf a.tgz --sort=name -C src f d
tar -tzf a.tgz
mkdir out
tar -xpf a.tar -C out
diff -r src out/src && echo same
[ out/src/f -ef out/src/hard ] && echo "hard link kept"
find out -printf '%P %y %m %l\n' | sort
mkdir o2
tar -xzf a.tgz -C o2 f
ls o2
tar -xOf a.tar src/f
tar -cf - src | tar -xf - -C o2
ls o2/src
tar --delete -f a.tar src/d
tar -tf a.tar | head -n 3
tar -rf a.tar o2/f
tar -tf a.tar | tail -n 1
tar -tf missing.tar 2>/dev/null
echo $?
echo junk | tar -tf - 2>/dev/null
echo $?
rm a.tar a.tgz
