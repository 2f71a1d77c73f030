# extglob patterns in globs, case and expansion.
shopt -s extglob
touch a.c a.h a.o b.c bb.c README
echo !(*.c)
echo *.@(c|h)
echo +(b).c
echo ?(a).c
echo *(a|b).c
echo !(a*|b*)
v=aaabbbccc
echo "${v##+(a)}" "${v%%*(c)}" "${v//+(b)/-}"
s='  trim me  '
s=${s##+([[:space:]])}
echo "[${s%%+([[:space:]])}]"
