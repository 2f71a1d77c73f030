# Redirections: order, append, clobber, both, duplicate, close.
echo one >f
echo two >>f
cat <f
{
  echo out
  echo err >&2
} >both 2>&1
cat both
{
  echo out
  echo err >&2
} 2>&1 >o
cat o
echo x &>amp
echo y &>>amp
cat amp
set -C
echo no >f
echo $?
echo yes >|f
cat f
set +C
ls missing-file 2>e || echo "failed"
test -s e && echo has error
echo to stderr >&2
cat <missing
echo $?
echo a 1>&-
echo $?
exec 3>three
echo in three >&3
exec 3>&-
cat three
echo bad >&9
echo $?
: >empty
wc -c <empty
