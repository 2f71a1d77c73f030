# sed: hold space, branches, multi-line, in place, case conversion, n/N/D/P.
printf 'a\nb\nc\nd\n' >f
sed -n '1!G;h;$p' f
sed 'N;s/\n/+/' f
sed ':a;N;$!ba;s/\n/,/g' f
sed '$!N;P;D' f
sed 'n;d' f
sed 'G' f
sed -n 'H;${x;s/\n/:/g;p}' f
sed 's/.*/\U&/;s/B/\l&/' f
sed 's/\(.\)/\1\1/;t;s/^/never/' f
sed '/b/{x;p;x}' f
sed = f | sed 'N;s/\n/\t/'
sed -i.bak 's/a/A/' f
cat f f.bak
sed -i -e '$a last' f
cat f
sed -s '1F' f f.bak | head -n 1
sed '/b/r f.bak' f
sed -z 's/\n/;/g' f
echo
sed 's/x/' f
echo $?
sed -n '/a/I p' f
sed --debug -n p /dev/null >/dev/null
echo 'aXbXc' | sed 's/X/\n/2'
echo hello | sed -E 's/(l+)/<\1>/; s/h/\x48/'
seq 10 | sed '5,/8/d'
