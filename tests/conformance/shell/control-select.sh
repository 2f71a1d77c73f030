# select on a descriptor that is not a terminal.
printf '2\n\nx\n9\n3\n' | {
  PS3='pick: '
  select w in apple 'big pear' fig; do
    echo "$REPLY=$w"
    [ "$w" = fig ] && break
  done
} 2>&1
