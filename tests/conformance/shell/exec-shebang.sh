# Scripts with #! lines.
printf '#!/bin/sh\necho "sh $0 $#" | sed "s,/.*/,,"\n' >a
printf '#!/usr/bin/env bash\necho "bash ${BASH_VERSION%%%%.*} $1"\n' >b
printf '#! /bin/sh -e\nfalse\necho no\n' >c
printf '#!/bin/cat\nthe text\n' >d
printf '#!/no/such/interpreter\n' >e
printf 'echo no shebang $1\n' >f
printf '#!/usr/bin/awk -f\nBEGIN { print "awk", ARGC }\n' >g
printf '#!./a\n' >h
chmod +x *
for i in a b c d e f g h; do
  ./$i arg 2>/dev/null
  echo "$i $?"
done
: >empty
chmod +x empty
./empty
echo $?
