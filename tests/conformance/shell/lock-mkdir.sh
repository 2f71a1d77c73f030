# No lost update under a directory lock (mkdir is atomic).
echo 0 >n
add() {
  until mkdir lock 2>/dev/null; do :; done
  read -r x <n
  echo $((x + 1)) >n
  rmdir lock
}
for i in 1 2 3 4; do (for j in 1 2 3 4 5; do add; done) & done
wait
cat n
