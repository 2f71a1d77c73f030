# Looking programs up in PATH: order, empty parts, hash, functions over files.
mkdir one two
printf '#!/bin/sh\necho from one\n' >one/prog
printf '#!/bin/sh\necho from two\n' >two/prog
chmod +x one/prog two/prog
PATH=$PWD/one:$PWD/two:$PATH
prog
rm one/prog
hash -r
prog
type -p prog | sed 's,.*/w/,,'
PATH=$PWD/two
prog
PATH=/usr/bin:/bin
prog
echo $?
cd two
PATH=:$PATH
prog
cd ..
chmod -x two/prog
PATH=$PWD/two:$PATH
prog
echo $?
prog() { echo function; }
prog
command prog
echo $?
