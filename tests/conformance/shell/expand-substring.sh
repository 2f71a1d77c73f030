# Substrings and lengths, with negative offsets.
s=0123456789
echo "${s:3} ${s:3:4} ${s: -3} ${s: -5:2} ${s:0:-2} ${s:2:-3} ${#s}"
set -- a b c d e
echo "${@:2} | ${@:2:2} | ${@: -2} | ${*:0:0} | ${#@} ${#}"
i=2
echo "${s:i:i+1} ${s:$((i * 2)):1}"
u=
echo "${#u}|${u:0:3}|"
