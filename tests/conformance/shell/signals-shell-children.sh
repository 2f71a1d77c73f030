# Ctrl-C-like signals and children: who dies, who traps, what the status is.
bash -c 'trap "echo parent trap" INT; sleep 0.2 & wait; echo after' &
p=$!
wait $p
echo $?
bash -c 'trap "exit 7" TERM; while :; do sleep 0.05; done' &
p=$!
sleep 0.2
kill $p
wait $p
echo $?
bash -c 'sleep 60 & trap "kill $!; exit 3" USR1; kill -USR1 $$; wait'
echo $?
sh -c 'trap "" HUP; kill -HUP $$; echo alive'
bash -c 'kill -STOP $$; echo resumed' &
p=$!
until [ "$(cut -d' ' -f3 /proc/$p/stat)" = T ]; do sleep 0.01; done
kill -CONT $p
wait $p
