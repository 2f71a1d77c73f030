# Indirection, name lists, namerefs.
var=target
target='found it'
echo "${!var}"
pre_a=1
pre_b=2
pre_c=3
echo "${!pre_*}" "${!pre_@}"
declare -n ref=target
ref=changed
echo "$target ${!ref}"
f() {
  local -n out=$1
  out="from f ($2)"
}
f result arg
echo "$result"
arr=(x y z)
idx='arr[1]'
echo "${!idx}"
