# $(< file) and its errors.
printf 'one\ntwo\n\n' >f
v=$(<f)
echo "[$v]"
v=$(<missing)
echo "status $?"
echo "$(<f)" "$(wc <f -l)"
