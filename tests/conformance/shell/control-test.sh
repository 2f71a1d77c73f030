# [ ] and [[ ]] operators.
t() { "$@" && echo "yes: $*" || echo "no: $*"; }
touch f
mkdir d
ln -s f l
ln -s nowhere dangling
printf x >s
chmod 640 f
for o in -e -f -d -L -h -s -r -w -p -S -b -c; do for n in f d l s dangling missing /dev/null; do [ $o $n ] && printf '%s ' "$o$n"; done; done
echo
t [ a = a ]
t [ a != a ]
t [ -z "" ]
t [ -n "" ]
t [ 3 -lt 10 ]
t [ 3 -gt 10 ]
t [ ! a ]
t [ a -a "" ]
t [ a -o "" ]
[[ abc == a* ]] && echo glob
[[ abc == "a*" ]] || echo quoted
[[ a < b ]] && echo less
[[ 10 -eq 0xa ]] && echo hex
[[ -n x && (-z y || 1) ]] && echo compound
[[ -v PATH ]] && echo set
[[ f -ef l ]] && echo same
[ s -nt missing ] && echo newer
