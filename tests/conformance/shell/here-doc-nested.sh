# Here-documents in functions, substitutions, loops, conditions and each other.
f() {
  cat <<A
f $1 $(
    cat <<B
inner $1
B
  )
A
}
f x
if cat <<E | grep -q yes; then echo found; fi
yes
E
while read -r w; do
  cat <<E
<$w>
E
done <<X
p
q
X
v=$(
  cat <<E
"quoted" \$HOME \`tick\` $((2 * 3))
E
)
echo "$v"
cat <<E1 - <<E2 | cat
lost
E1
kept
E2
eval "cat <<E
from eval
E"
(cat) <<E
subshell
E
