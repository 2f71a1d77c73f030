# exec, command, builtin, enable, hash, type, not found, not executable, directory.
(
  exec echo replaced
  echo never
)
(exec -a name sh -c 'echo $0')
(exec nosuchprogram)
echo $?
nosuchprogram
echo $?
./missing
echo $?
mkdir d
./d
echo $?
echo 'echo hi' >s
./s
echo $?
chmod +x s
./s
ls() { echo function; }
ls
command ls s
unset -f ls
type -t ls echo if type nosuch
command -v echo
builtin echo b
builtin ls
echo $?
""
echo $?
exec 2>&1
$(echo)
echo $?
