# getopts: flags, arguments, errors, OPTIND.
parse() {
  local OPTIND=1 o
  while getopts ':ab:c' o; do case $o in a) echo a ;; b) echo "b=$OPTARG" ;; c) echo c ;; :) echo "missing $OPTARG" ;; \?) echo "bad $OPTARG" ;; esac done
  shift $((OPTIND - 1))
  echo "rest $*"
}
parse -a -b val -c x y
parse -ac -bval -- -a
parse -b
parse -z q
parse x -a
loud() {
  local OPTIND=1 o
  while getopts 'x:' o; do echo "$o $OPTARG"; done
}
loud -x 1 -q
loud -x
