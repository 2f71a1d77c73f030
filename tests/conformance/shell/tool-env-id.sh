# env, printenv, nice, nohup, tty, uname, whoami, logname, groups: what does not name the host.
env -i A=1 printenv A
printenv NOPE
echo $?
env -C / pwd
env -S 'A=x printenv A'
echo $(($(nice -n 5 nice) - $(nice)))
nohup echo kept 2>/dev/null
tty
echo $?
uname -s
[ "$(id -u)" -gt 0 ] && echo unprivileged
id -u | grep -c '^[0-9]*$'
[ "$(id -ru)" = "$(id -u)" ] && echo same
echo "$UID" "$EUID" | awk '{print ($1 == $2)}'
arch | grep -c .
nproc | grep -c '^[0-9]*$'
