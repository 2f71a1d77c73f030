# Environment: export, prefix assignments, env, unset, -n.
a=1 bash -c 'echo "${a-unset}"'
echo "${a-unset}"
b=2
bash -c 'echo "${b-unset}"'
export b
bash -c 'echo "$b"'
export -n b
bash -c 'echo "${b-unset}"'
f() { echo "f $v"; }
v=x f
echo "${v-unset}"
env -i A=1 B='two words' env | sort
env -u HOME bash -c 'echo "${HOME-none}"'
A=1 env A=2 sh -c 'echo $A'
export 'weird=a=b=c'
env | grep ^weird
env -i bash -c 'echo "$PATH" | wc -c' | grep -c .
(
  unset PATH
  ls 2>/dev/null
  echo $?
)
export multi=$'l1\nl2'
bash -c 'echo "$multi"'
readonly R=1
R=2
echo $?
