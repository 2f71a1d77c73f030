# Here-documents: quoting, tabs, several at once.
v=value
cat <<E
plain $v $(echo sub) \$v \\ "q" 'q' $((1 + 1))
E
cat <<'E'
raw $v $(echo sub) \
E
cat <<-E
	stripped $v
		twice
	E
cat <<A
first
A
cat <<B
second
B
cat <<"E F"
odd delimiter $v
E F
