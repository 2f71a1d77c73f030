# umask over redirections, mkdir, mkfifo, touch, mktemp and subshells.
for m in 000 022 027 077 777; do
  (
    umask $m
    : >f.$m
    mkdir d.$m
    touch t.$m
    stat -c '%n %a' f.$m d.$m t.$m
  )
done
umask
rm -rf f.* d.* t.*
