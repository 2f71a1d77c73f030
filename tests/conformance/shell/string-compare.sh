# Comparing and sorting strings and numbers in the shell itself.
for p in 'a b' 'b a' 'a a' '10 9' '09 9' 'A a' ' x'; do
  set -- $p
  [[ $1 < $2 ]] && echo "$1<$2" || echo "$1 not < $2"
  [ "$1" \< "$2" ] && echo lt || echo ge
done
[[ 10 -gt 9 ]] && echo numeric
[[ abc == [a-c]* ]] && echo range
[[ -z '' && -n x ]] && echo both
x=5
[[ x -eq 5 ]] && echo variable
[[ 'a' == 'a' || $(echo never >&2) ]] && echo short
((10 > 9)) && echo arithmetic
test 5 -eq 05 && echo five
