# /proc of the shell itself.
[ "$(readlink /proc/self)" -gt 0 ] && echo numeric
sh -c '[ "$(readlink /proc/$$/cwd)" = "$(pwd -P)" ] && echo cwd'
tr '\0' ' ' </proc/self/cmdline
echo
A=marker sh -c 'tr "\0" "\n" < /proc/$$/environ' | grep ^A=
cat /proc/self/comm
sed -n 's/^Name:[[:space:]]*//p' /proc/self/status
[ "$(cut -d' ' -f1 /proc/$$/stat)" = $$ ] && echo stat
exec 7</dev/null
readlink /proc/$$/fd/7
[ -d /proc/self/fd ] && ls /proc/self/fd | head -n 3
echo through >/proc/self/fd/1
[ -e /proc/999999 ] || echo "no such process"
kill -0 "$(awk '/^PPid/ {print $2}' /proc/self/status)" && echo parent
grep -c . /proc/meminfo | awk '{print ($1 > 0)}'
[ "$(cat /proc/sys/kernel/ostype 2>/dev/null || echo Linux)" = Linux ] && echo Linux
: >/proc/self/cmdline
echo $?
mkdir /proc/new 2>/dev/null
echo $?
