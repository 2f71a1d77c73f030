# exec moves the shell's own descriptors.
exec 3>&1 4>log
exec 1>&4
echo in log
exec 1>&3 4>&-
echo on stdout
cat log
exec 5<>rw
echo hello >&5
exec 5>&-
exec 5<rw
read -r l <&5
echo "$l"
exec {fd}>named
echo "$((fd > 9))"
echo n >&$fd
exec {fd}>&-
cat named
exec 6< <(seq 3)
while read -r n <&6; do echo "n=$n"; done
exec 7>&1-
echo gone 2>/dev/null
echo "status $?" >&7
exec 1>&7
(
  exec >sub
  echo in sub
)
cat sub
exec <log
read -r l
echo "stdin $l"
