# date: formats of a fixed time in UTC.
for f in %Y %m %d %H %M %S %j %U %u %w %a %A %b %B %y %C %p %I %e %D %F %T %R %s %N %Z %z %:z %G-W%V %n%t%%; do
  date -d '2023-12-31 23:59:58.123456789' "+$f"
done
date -d '1970-01-01' +%s
date -d '2000-02-28 +2 days' +%F
date -d '2024-01-31 +1 month' +%F
date -d 'yesterday 2024-03-01' +%F
date -d '12:00 2024-06-01 EST' +%H
TZ=EST5EDT,M3.2.0,M11.1.0 date -d @1700000000 '+%H %Z'
TZ=UTC-3 date -d @0 +%H:%M
date -I -d @0
date -R -d @0
date -d bogus
echo $?
