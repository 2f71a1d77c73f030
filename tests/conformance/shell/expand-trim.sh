# Removing prefixes and suffixes.
p=/usr/local/lib/libfoo.so.1.2
echo "${p#*/} ${p##*/} ${p%.*} ${p%%.*} ${p%/*}"
f='a b.tar.gz'
echo "${f%%.*}|${f#* }|${f%[gz]*}|${f#zzz}|${f%'.gz'}"
x='**star**'
echo "${x#'*'} ${x##'*'} ${x#\*} ${x%%\**}."
set -- one.c two.c three.h
echo "${@%.c}" "${*#t}"
