# Parameter expansion: defaults, alternatives, assignment, errors.
unset u
e=
s=set
echo "[${u-d}] [${u:-d}] [${e-d}] [${e:-d}] [${s-d}] [${s:-d}]"
echo "[${u+a}] [${e+a}] [${e:+a}] [${s+a}] [${s:+a}]"
echo "[${u=new}] [$u] [${e:=filled}] [$e]"
(
  unset q
  : "${q?is missing}"
)
echo "status $?"
(
  q=
  : "${q:?is empty}"
)
echo "status $?"
echo "${u-$(echo nested "${s:-x}")} ${nope:-"a  b"} ${nope:-a  b}"
