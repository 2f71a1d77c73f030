# declare: readonly, integer, lower, export, print; unset; scopes.
declare -r ro=1
ro=2
echo $?
declare -i i=5+5
echo $i
declare -x e=1
declare -p e i ro
declare -l l=ABC
l+=DEF
echo $l
unset i
declare -p i 2>/dev/null
echo $?
f() {
  declare local1=x
  declare -g glob=y
  local -
  set -f
}
f
echo "${local1-unset} $glob"
case $- in *f*) echo f ;; *) echo restored ;; esac
a=1
f() {
  local a=2
  unset a
  echo "${a-unset}"
}
f
echo $a
x=5
x+=5
echo $x
declare -i y=5
y+=5
echo $y
declare -a arr=(1 2)
declare -A as=([k]=v)
declare -p arr as
typeset t=1
echo $t
let z=3
echo $z
