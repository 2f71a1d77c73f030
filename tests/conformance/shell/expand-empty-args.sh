# Empty and null arguments.
show() {
  printf '<%s>' "$@"
  echo " $#"
}
e=
unset u
show $e
show "$e"
show $u"$e"
show '' x
show "$@"
show x"$@"y
set -- ''
show "$@"
show $@
set -- a '' b
show "$@"
show $*
show "$*"
