# $# $? $! $- $_ $0 shift set -- LINENO BASH_*.
set -- a b c d e f g h i j k
echo $# $1 ${10} ${11} $11
shift
echo $1 $#
shift 3
echo "$@"
shift 99
echo $?
set --
echo $#
echo x y
echo $_
:
true &
echo $(($! > 0))
wait
echo "${0##*/}"
echo $LINENO
f() { echo "${FUNCNAME[*]} ${BASH_LINENO[0]}"; }
f
echo "${BASH_VERSINFO[0]}"
echo "$((BASH_SUBSHELL))"
set -- "a b" c
for i in "$@"; do echo "<$i>"; done
for i in $*; do echo "<$i>"; done
echo "${*: -1} ${@:1:1}"
echo "${#1}"
