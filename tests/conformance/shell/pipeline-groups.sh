# Subshells, groups, loops and functions as parts of a pipeline.
{
  echo b
  echo a
} | sort | (
  read -r x
  read -r y
  echo "$x $y"
)
for i in 3 1 2; do echo $i; done | sort | while read -r n; do printf '%s.' "$n"; done | cat
echo
f() { tr a-z A-Z; }
echo text | f | {
  read -r l
  echo "[$l]"
}
if echo yes | grep -q yes; then echo found; fi
(
  cd /
  pwd
)
pwd | grep -c w
(
  x=changed
  echo "$x"
)
echo "${x-unset}"
{ x=kept; }
echo "$x"
echo a |& cat
