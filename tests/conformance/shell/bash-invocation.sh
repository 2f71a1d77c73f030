# Ways to start bash: -c with arguments, -s, script from stdin, login options, exit codes.
bash -c 'echo "$0 $1 $#"' name arg
echo 'echo "from stdin $1"' | bash -s x
echo 'exit 4' | bash
echo $?
printf 'echo line1\nread -r x\ndata line\necho "got $x"\n' | bash
bash -c 'exit 300'
echo $?
bash missing-script
echo $?
bash -c 'nosuch'
echo $?
bash -c 'if'
echo $?
bash --badoption 2>/dev/null
echo $?
echo 'echo sourced by BASH_ENV' >rc
BASH_ENV=rc bash -c 'echo body'
sh -c 'echo "$1"' sh arg
bash -ec 'false; echo no' || echo failed
bash -x -c 'echo traced' 2>&1
bash --norc --noprofile -c 'echo plain'
echo "$SHLVL" | grep -c .
bash -c 'echo $BASH_EXECUTION_STRING'
bash -r -c 'cd /' 2>/dev/null
echo $?
