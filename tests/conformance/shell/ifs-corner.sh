# IFS corner cases: whitespace and other separators, "$*", read with empty fields.
IFS=' ,'
set -- $(echo ' a , b ,, c ')
printf '<%s>' "$@"
echo " $#"
IFS=/
v='/usr//bin/'
set -- $v
printf '<%s>' "$@"
echo " $#"
IFS=-
set -- x y
echo "$*"
IFS=
set -- a 'b c' d
echo "$*"
printf '<%s>' $*
echo
IFS=$' \t\n'
printf 'a::b\n' | {
  IFS=: read -r x y z
  echo "$x|$y|$z"
}
printf '  a  b  \n' | {
  IFS=' ' read -r x y
  echo "$x|$y|"
}
printf ' a : b \n' | {
  IFS=: read -r x y
  echo "$x|$y|"
}
printf 'one\n' | {
  read -r x y
  echo "$x|$y|"
}
