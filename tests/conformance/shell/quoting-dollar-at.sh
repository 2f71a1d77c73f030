# "$@" in odd company.
f() { printf '<%s>' "$@"; echo; }
set -- 'a b' '' c
f "x$@y"
f "$@$@"
f "${@:2}"
f "${@-none}"
set --
f "x$@y"
f "$@"
f "${@-none}"
f "$*"
set -- '*' '?'
touch file
f "$@"
f $@
set -f
f $@
