# Assignments: appended, many at once, in commands, from substitutions, with quotes and globs.
a=1 b=2 c=$a$b
echo "$a$b$c"
x=*
echo "$x"
y="$x" z='a  b'
echo "$y" "$z" $z
s=abc
s+=def
echo "$s"
n=5
n+=3
echo "$n"
declare -i i=5
i+=3
echo "$i"
p=~
[ "$p" = "$HOME" ] && echo home
v=$(echo a; echo b)
echo "$v"
e=
echo "[${e}]"
A=(1 2)
A+=([5]=five)
echo "${A[@]} ${!A[@]}"
q=$'tab\tq'
echo "$q"
false
r=$?
echo $r
t=$(false)
echo $?
u=v w=$u
echo "$w"
