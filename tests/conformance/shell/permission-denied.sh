# What an unprivileged user may not do.
{ echo x >/etc/passwd; } 2>/dev/null
echo $?
touch /usr/bin/new 2>/dev/null
echo $?
mkdir /root/x 2>/dev/null
echo $?
cat /etc/shadow 2>/dev/null
echo $?
kill -0 1 2>/dev/null
chown 0 . 2>/dev/null
echo $?
mknod n c 1 3 2>/dev/null
echo $?
ln /etc/passwd hard 2>/dev/null
[ -e hard ] || echo "no hard link"
rm -f /bin/sh 2>/dev/null
echo $?
mv /usr/bin/env /usr/bin/env2 2>/dev/null
echo $?
rmdir / 2>/dev/null
echo $?
