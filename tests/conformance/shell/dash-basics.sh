#@ shell: dash
# The POSIX shell itself.
a='x y'
echo $a "$a" ${a#x} ${#a} ${b:-def} $((3 * (2 + 1))) $((1 << 4)) $(echo old) "$(echo new)"
set -- 1 2 3
for i; do printf '%s,' "$i"; done
echo
while [ $# -gt 0 ]; do shift; done
echo $#
f() {
  local x=1
  echo "f $1 $x"
  return 2
}
f q
echo $?
case abc in a?c) echo m ;; esac
if test 1 -eq 1 && [ -n x ]; then echo t; fi
cat <<E
here $a $((2 + 2))
E
echo a | {
  read -r v
  echo "$v"
}
(exit 3)
echo $?
trap 'echo bye' EXIT
type cd
command -v test
echo "$-" | tr -cd e
unset a
echo ${a-none}
IFS=:
set -- $(echo a:b)
echo $2
umask
ulimit -c 0
echo ok
printf '%d %s\n' 5 five
: ${z:=5}
echo $z
eval 'echo ev'
exit 7
