# Pattern substitution.
s='banana bandana'
echo "${s/an/AN} | ${s//an/AN} | ${s/#ban/BAN} | ${s/%ana/ANA} | ${s//a/} | ${s//[bn]/_}"
path=a/b/c
echo "${path//\//:}" "${path/\/*/}"
t=$'x\ty\nz'
echo "${t//[$'\t\n']/ }"
set -- apple avocado
echo "${@/a/A}" "${@//[aeiou]/.}"
