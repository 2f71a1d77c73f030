# Arrays passed by name, returned by nameref, copied and joined.
join() {
  local IFS=$1
  shift
  echo "$*"
}
a=(a b c)
join , "${a[@]}"
join - "${a[@]}" d
reverse() {
  local -n in=$1 out=$2
  local i
  out=()
  for ((i = ${#in[@]} - 1; i >= 0; i--)); do out+=("${in[i]}"); done
}
reverse a r
echo "${r[@]}"
sorted=($(printf '%s\n' pear apple fig | sort))
echo "${sorted[*]}"
printf '%s,' "${a[@]/%/!}"
echo
