# chmod in symbolic and octal, umask, special bits, what owners may do.
touch f
for m in 644 u+x go-r a=rw u=rwx,g=rx,o= +t =r 0 755; do
  chmod $m f
  stat -c "$m %a %A" f
done
umask 027
touch g
mkdir d
stat -c '%n %a' g d
umask u=rwx,g=,o=
touch h
stat -c %a h
umask -S
umask
chmod -R 700 d
chmod 000 g
cat g
echo $?
echo x >g
echo $?
chmod 500 d
touch d/x
echo $?
chmod 300 d
touch d/y
ls d
echo $?
chmod 600 d
ls d/y
echo $?
cd d
echo $?
chmod 700 d
chmod 644 missing
echo $?
chmod zzz f
echo $?
