# awk: output to files and commands, getline from files and commands, system, close.
printf '3\n1\n2\n' >f
awk '{print | "sort"} END {close("sort"); print "end"}' f
awk '{print $1 > "out"; print $1 >> "app"} END {close("out"); while ((getline l < "out") > 0) print "r", l}' f
awk 'BEGIN {while (("echo a; echo b" | getline l) > 0) print "cmd", l; "echo one" | getline; print $0}'
awk 'BEGIN {r = system("exit 3"); print r; system("echo from system")}'
awk 'BEGIN {print "to stderr" > "/dev/stderr"; printf "x" | "cat 1>&2"}'
awk 'BEGIN {print ENVIRON["HOME"] != "", ARGC, ARGV[1]}' arg
awk '{print FILENAME, FNR, NR}' f f
awk 'BEGIN {RS = ""} {print NR ": " $1}' <<<$'a b\nc\n\nd e'
awk 'BEGIN {FS = ","; RS = ";"} {print $2}' <<<'a,b;c,d'
awk '{print v, $1}' v=1 f v=2 f
awk 'BEGIN {getline x < "missing"; print "still", (getline y < "missing")}'
awk 'BEGIN { print substr("x", 0) > "/dev/full" }' 2>/dev/null
echo $(($? != 0))
awk '{' f 2>/dev/null
echo $(($? != 0))
cat app
