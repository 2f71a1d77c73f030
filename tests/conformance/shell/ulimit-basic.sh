# ulimit: file size, open files, core.
ulimit -c 0
ulimit -c
ulimit -n 20
ulimit -n
(
  exec 30>f
  echo $?
)
for i in 10 11 12 13 14 15 16 17 18 19 25; do (eval "exec $i>/dev/null" && echo "$i ok") 2>/dev/null; done | tail -n 1
(
  ulimit -f 1
  head -c 5000 /dev/zero >big
  echo $?
) 2>/dev/null
wc -c <big
ulimit -S -n 10
ulimit -S -n
ulimit -n 100000 2>/dev/null
echo $?
