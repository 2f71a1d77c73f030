# read on odd input: carriage returns, very long lines, no newline, many fields.
printf 'a\r\nb\r\n' | while read -r l; do printf '%q\n' "$l"; done
head -c 200000 /dev/zero | tr '\0' x | {
  read -r l
  echo ${#l}
}
seq -s ' ' 5000 | {
  read -ra f
  echo ${#f[@]} ${f[4999]}
}
printf '\n\n\nx' | {
  n=0
  while read -r l; do n=$((n + 1)); done
  echo "$n [$l]"
}
printf 'a b\tc\n' | {
  read -r x y z
  echo "$x,$y,$z"
}
printf '\\x\\\n' | {
  read -r l
  echo "$l"
}
printf 'α β\n' | {
  read -r l
  echo ${#l}
}
