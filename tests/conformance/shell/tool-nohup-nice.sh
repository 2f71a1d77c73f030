# Programs that run programs: env, nice, nohup, timeout, xargs, find, stacked.
env X=1 nice -n 1 timeout 10 sh -c 'echo $X$(($(nice) - $1))' sh $(nice)
echo 1 2 3 | xargs -n1 env Y=y sh -c 'echo $Y$0'
find . -maxdepth 0 -exec env Z=z sh -c 'echo $Z' \;
timeout 10 env sh -c 'exit 3'
echo $?
nohup sh -c 'echo from nohup' 2>/dev/null | cat
env false
echo $?
env nosuch 2>/dev/null
echo $?
env ./ 2>/dev/null
echo $?
nice nosuch 2>/dev/null
echo $?
