# /dev/null, zero, full, urandom, stdin, stdout, stderr, fd, tty.
echo gone >/dev/null
cat /dev/null | wc -c
head -c 5 /dev/zero | od -An -tx1
echo x >/dev/full
echo $?
head -c 100 /dev/urandom | wc -c
head -c 100 /dev/random | wc -c
echo hi | cat /dev/stdin
echo out >/dev/stdout
echo err 2>&1 >/dev/stderr
echo fd | cat /dev/fd/0
exec 3< <(echo three)
cat /dev/fd/3
ls -l /dev/null | cut -c1
[ -c /dev/zero ] && echo char
[ -w /dev/null ] && echo writable
(: </dev/tty) 2>/dev/null && echo tty || echo "no tty"
dd if=/dev/zero bs=10 count=2 2>/dev/null | wc -c
cat </dev/full | head -c 3 | od -An -tx1
