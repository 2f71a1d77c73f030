# Here-documents on other descriptors and into functions and loops.
f() {
  cat
  echo "arg $1"
}
f x <<<'string in'
exec 4<<E
on four
E
cat <&4
exec 4<&-
while read -r l; do echo "> $l"; done <<E
1
2
E
cat /dev/fd/7 7<<<seven
{
  cat
  cat <&3
} <<A 3<<B
a
A
b
B
