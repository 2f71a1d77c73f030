# Swapping stdout and stderr, tee of both, capturing each.
f() {
  echo out
  echo err >&2
}
x=$(f 2>/dev/null)
y=$(f 2>&1 >/dev/null)
echo "$x $y"
f 3>&1 1>&2 2>&3 | sed 's/^/piped: /'
{ f 2>&1 1>&3 | sed 's/^/e: /' >e; } 3>&1 | sed 's/^/o: /' >o
cat e o
z=$({ f; } 2>&1 | sort)
echo "$z"
f 2>&1 | cat -n
{
  f
} 2>errors | tr a-z A-Z
cat errors
