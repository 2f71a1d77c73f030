#@ shell: dash
# Errors of dash: not found, not executable, bad substitution, readonly, failing special builtins.
nosuch
echo $?
./nosuch
echo $?
touch f
./f
echo $?
mkdir d
./d
echo $?
(echo ${u?message})
echo $?
(
  readonly r=1
  r=2
  echo no
)
echo $?
(
  set -u
  echo $nope
  echo no
)
echo $?
(
  . ./missing
  echo no
)
echo $?
(
  shift 5
  echo no
)
echo $?
(
  cd /missing
  echo $?
)
sh -c 'if'
echo $?
sh -c 'echo "unterminated'
echo $?
(exec nosuch)
echo $?
echo x >/no/dir
echo $?
sh -c ')'
echo $?
