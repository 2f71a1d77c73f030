# read: fields, -r, IFS, defaults, status at the end of input.
printf 'a b  c d\n' | {
  read x y z
  echo "[$x][$y][$z]"
}
printf '  lead and trail  \n' | {
  read l
  echo "[$l]"
}
printf '  keep  \n' | {
  IFS= read l
  echo "[$l]"
}
printf 'a\\nb\\\\c\n' | {
  read l
  echo "[$l]"
}
printf 'a\\nb\n' | {
  read -r l
  echo "[$l]"
}
printf 'x:y:z\n' | {
  IFS=: read a b
  echo "$a $b"
}
printf 'no newline' | {
  read l
  echo "$? [$l]"
}
printf '' | {
  read l
  echo "$? [$l]"
}
printf 'reply here\n' | {
  read
  echo "$REPLY"
}
printf 'joined \\\nline\n' | {
  read l
  echo "$l"
}
