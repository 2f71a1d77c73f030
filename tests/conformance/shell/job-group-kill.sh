#@ files: memfs
# Killing a whole process group.
mkfifo ready
exec 3<>ready
set -m
(
  (
    echo >ready
    exec sleep 60
  ) &
  (
    echo >ready
    exec sleep 60
  ) &
  wait
) &
g=$!
set +m
read -r _ <&3
read -r _ <&3
kill -0 -- -$g && echo "group is there"
kill -TERM -- -$g
wait $g 2>/dev/null
echo $?
exec 3>&-
rm ready
