# test, true, false, [ and printf as programs.
/usr/bin/true
echo $?
/usr/bin/false
echo $?
/usr/bin/test 1 -eq 1
echo $?
/usr/bin/[ a = b ]
echo $?
/usr/bin/test
echo $?
/usr/bin/test -n
echo $?
/usr/bin/[ x 2>/dev/null
echo $?
/usr/bin/test 1 -eq x 2>/dev/null
echo $?
/usr/bin/printf '%05.1f|%-4s|%b\n' 3.14159 ab 'x\ty'
/usr/bin/printf '%d\n' 0x1F 017
/usr/bin/echo -e 'a\tb'
/usr/bin/printf '%s\n' a b
