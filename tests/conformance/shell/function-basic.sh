# Functions: arguments, status, locals, recursion, redirection, unset.
f() {
  echo "$# $1 ${2-none} $0" | sed 's,/.*/,,'
  return 3
}
f a b
echo $?
f 'x y'
set -- outer
f in
echo "$1"
fact() { (($1 <= 1)) && echo 1 || echo $(($1 * $(fact $(($1 - 1))))); }
fact 10
g() {
  local v=local
  h
  echo "$v"
}
h() {
  echo "h sees $v"
  v=changed
}
v=global
g
echo "$v"
function k { echo "k: $FUNCNAME ${#FUNCNAME[@]}"; }
k
r() {
  cat
  echo redirected
} < <(echo in) >out
r
cat out
unset -f k
k 2>/dev/null
echo $?
declare -f r
