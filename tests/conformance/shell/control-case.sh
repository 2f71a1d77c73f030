# case: patterns, fall through, extglob.
c() { case $1 in a | b) echo ab ;; [0-9]*) echo digit ;; *.txt) echo text ;;& x*) echo x ;& y) echo "x or y" ;; '') echo empty ;; "*") echo star ;; *) echo other ;; esac }
for w in a b 5x n.txt x.txt x1 y '' '*' zzz; do c "$w"; done
case abc in ?(a)b*) echo no ;; @(a|z)[b-d]?) echo yes ;; esac
case "$(echo sub)" in s?b) echo cmdsub ;; esac
v='a*'
case 'a*' in $v) echo pattern ;; esac
case abc in "$v") echo no ;; *) echo quoted ;; esac
