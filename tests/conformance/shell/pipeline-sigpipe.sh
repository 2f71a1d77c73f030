# A writer whose reader is gone dies of SIGPIPE, or gets an error when it ignores it.
(
  yes
  echo "never"
) | head -n 2
echo "${PIPESTATUS[0]}"
(
  trap '' PIPE
  (while echo line; do :; done) 2>err
  echo "ended" >&2
) | head -n 1
grep -c 'roken pipe' err
bash -c 'trap "echo caught >&2; exit 3" PIPE; while :; do echo x; done' 2>&1 >/dev/full | head -n 1 | grep -c .
seq 1000000 | sed -n '3{p;q}'
