# read -a, -d, -n, -N, -u, -t, -p.
printf 'p q r\n' | {
  read -a w
  echo "${#w[@]} ${w[1]}"
}
printf 'x;y;z' | {
  while read -d ';' f; do echo "$f"; done
  echo "rest $f"
}
printf 'abcdef\n' | {
  read -n 3 a
  read b
  echo "$a $b"
}
printf 'ab\ncd\n' | {
  read -N 4 a
  printf '[%s]\n' "$a"
}
exec 5< <(printf 'one\ntwo\n')
read -u 5 a
read b <&5
echo "$a $b"
exec 5<&-
read -t 0.05 x < <(sleep 1)
echo "timeout $(($? > 128))"
printf 'a\0b\0' | while IFS= read -r -d '' i; do echo "$i"; done
