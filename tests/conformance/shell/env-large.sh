# A large environment and many arguments pass through exec.
big=$(head -c 100000 /dev/zero | tr '\0' e)
export big
bash -c 'echo ${#big}'
unset big
set -- $(seq 1 20000)
bash -c 'echo $# ${20000}' sh "$@"
printf '%s\n' "$@" | xargs echo | wc -w
sh -c 'echo $#' sh "" " " "a b" $'n\nl'
/usr/bin/printf '%s\n' "$(seq -s ' ' 3000)" | wc -c
