# Redirections that fail do not run the command.
mkdir d
echo never >d
echo $?
echo never >no/such/dir
echo $?
echo never <missing
echo $?
cat <&8
echo $?
{ echo grouped; } >d || echo group failed
while :; do break; done >d
echo $?
f() { echo f; }
f >d
echo $?
chmod 000 noperm 2>/dev/null || : >noperm
chmod 000 noperm
cat <noperm
echo $?
exec 2>&1
: >/dev/full
echo data >/dev/full
echo $?
