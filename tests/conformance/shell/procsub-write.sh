# Process substitution as output.
echo data | tee >(
  tr a-z A-Z >upper
  echo done >mark
) >copy
while [ ! -s mark ]; do sleep 0.01; done
cat copy upper
exec 3> >(
  sed 's/^/> /' >out
  echo end >mark2
)
echo via three >&3
exec 3>&-
while [ ! -s mark2 ]; do sleep 0.01; done
cat out
