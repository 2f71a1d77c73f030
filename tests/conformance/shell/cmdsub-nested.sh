# Nested command substitution, with here-documents, cases and status.
echo "$(echo "$(echo "$(echo deep)")")"
x=$(case a in a) echo matched ;; *) echo no ;; esac)
echo "$x"
x=$(
  cat <<E
$(echo from a here-document)
E
)
echo "$x"
x=$(exit 7)
echo $?
x=$(false) || echo failed
echo "$(exit 3)$?"
y=$(
  echo out
  echo err >&2
) 2>&1
echo "$y"
