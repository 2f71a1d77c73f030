# Process numbers: $$, $!, $PPID, BASHPID and their relations.
[ "$(sh -c 'echo $PPID')" = $$ ] && echo "child's parent"
(sh -c 'echo $PPID' >f)
true &
[ $! -gt 0 ] && echo positive
sh -c 'echo $$' >g &
wait
[ "$(cat g)" = $! ] && echo "\$! is the child"
[ $BASHPID = $$ ] && echo same
( [ $BASHPID != $$ ] && echo other )
x=$(sh -c 'exec sh -c "echo \$\$"')
[ "$x" -gt 0 ] && echo exec
a=$(echo $BASHPID)
b=$(echo $BASHPID)
[ "$a" != "$b" ] && echo fresh
[ "$(bash -c 'echo $$; exec bash -c "echo \$\$"' | uniq | wc -l)" = 1 ] && echo kept
rm f g
