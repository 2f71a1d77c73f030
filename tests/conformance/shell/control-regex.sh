# [[ =~ ]] and BASH_REMATCH.
re='^([a-z]+)-([0-9]+)(\.[a-z]*)?$'
for s in abc-12 abc-12.x ABC-1 a-1.; do [[ $s =~ $re ]] && echo "$s: ${BASH_REMATCH[1]} ${BASH_REMATCH[2]} [${BASH_REMATCH[3]}]" || echo "$s no"; done
[[ 'a b' =~ a\ b ]] && echo space
[[ a+b =~ 'a+b' ]] && echo literal
[[ aab =~ a+b ]] && echo "${BASH_REMATCH[0]}"
[[ x =~ [ ]] 2>/dev/null
echo $?
[[ 2024-05-06 =~ ([0-9]{4})-([0-9]{2}) ]] && echo "${BASH_REMATCH[@]}"
