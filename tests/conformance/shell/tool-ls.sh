# ls: order, long form, recursion, hidden, classification.
mkdir -p d/sub
printf 12345 >b
printf 1 >a
printf 123 >.h
ln -s a link
touch -d '2001-01-01 00:00' a
touch -d '2002-02-02 10:11' b
touch -d '2003-03-03' d
chmod 750 d
chmod 755 b
chmod +x a
ls
ls -a
ls -A
ls -F
ls -r
ls -S a b
ls -t a b d
ls -R
ls -d d
ls -1 -p
ls -ln --time-style=long-iso a b | awk '{print $1, $2, $5, $6, $7, $8}'
ls -m
ls -Q a
ls -l missing
echo $?
touch $'nl\n' 'sp ace'
ls -b
ls --zero a b | tr '\0' ' '
