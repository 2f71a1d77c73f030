# Word splitting follows IFS.
show() {
  printf '<%s>' "$@"
  echo " $#"
}
v='a b  c	d'
show $v
show "$v"
IFS=:
p='x::y:z:'
show $p
show "$p"
IFS=' :'
q=' a : b::c '
show $q
IFS=
show $v
unset IFS
show $v
IFS=,
set -- 1 2 3
echo "$*" "$@"
v=$*
echo "$v"
