# stat, touch, dates of files.
touch -d '2001-02-03 04:05:06.789' f
stat -c '%n %s %F %a %h %Y %y' f
touch -d '2002-01-01' g
touch -r f g
stat -c %Y g
touch -m -d @1000000000 g
stat -c '%X %Y' g
[ f -nt g ] && echo newer || echo older
touch -a -d '1999-12-31' f
stat -c '%x' f
touch -c nofile
ls nofile 2>/dev/null || echo none
ln -s f l
touch -h -d @5 l
stat -c '%Y %F' l
mkdir d
stat -c '%F %a' d
date -d @86400 '+%F %T %j %u %a %b'
date -d '2024-02-29 +1 year' +%F
date -u -d '2020-01-31 12:00 +0200' +%H
date -r f +%Y
touch -d nonsense x
echo $?
