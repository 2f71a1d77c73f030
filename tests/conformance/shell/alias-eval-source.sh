# eval, source, aliases, dot with arguments, return from a sourced file.
eval 'a=1; b=$a; echo "$b"'
c='echo "x  y"'
eval "$c"
eval "echo \"\$((1+1))\""
printf 'echo "sourced $1 $#"\nv=from\nreturn 4\necho no\n' >s
. ./s p q
echo "$? $v"
source s
echo $?
. ./missing
echo $?
shopt -s expand_aliases
alias hi='echo hello' two='hi there'
hi
two
alias hi
unalias hi
hi 2>/dev/null
echo $?
cat >lib <<'E'
lib_f() { echo "${BASH_SOURCE[0]##*/} ${FUNCNAME[0]}"; caller 0 | cut -d' ' -f2; }
E
. ./lib
lib_f
