# Command substitution strips trailing newlines only.
v=$(printf 'a\n\nb\n\n\n')
printf '[%s]\n' "$v"
v=$(printf '\n\n')
printf '[%s] %d\n' "$v" ${#v}
v=$(printf 'no newline')
echo "[$v]"
v="$(printf 'x\n')y"
echo "$v"
v=$(printf 'a\0b\0') 2>/dev/null
echo "${#v}"
