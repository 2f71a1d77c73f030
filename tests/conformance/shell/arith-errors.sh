# Arithmetic errors have a status and a message.
(echo $((1 / 0)))
echo "status $?"
(echo $((1 % 0)))
echo "status $?"
(echo $((08)))
echo "status $?"
((0))
echo $?
((5))
echo $?
let 'a=3' 'b=a*2' 'b-6'
echo "$? $b"
(
  a=b
  b=c
  c=4
  echo $((a))
)
