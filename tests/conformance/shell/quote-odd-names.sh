# File names with every awkward byte survive loops and globs.
touch 'a b' $'new\nline' $'tab\there' '*star' '-dash' "quo'te" 'dq"' '$dollar' 'back\slash' ' lead' 'trail '
for f in *; do printf '%q\n' "$f"; done
find . -type f -print0 | sort -z | tr '\0\n' '\n?'
