# find: names, types, depth, sizes, times, permissions, logic, order by sort.
mkdir -p a/b/c a/.hid
touch a/1.txt a/b/2.txt a/b/c/3.c a/.hid/4
printf 123456 >a/big
ln -s b a/link
touch -d '2001-01-01' a/old
chmod 600 a/1.txt
find a | sort
find a -name '*.txt' | sort
find a -type d | sort
find a -type l
find a -maxdepth 1 -type f | sort
find a -mindepth 3 | sort
find a -size +5c -type f
find a -empty | sort
find a -perm 600
find a -newer a/old -name '[0-9]*' | sort
find a -path '*/b/*' -not -name '*.c' | sort
find a \( -name 1.txt -o -name 3.c \) -print | sort
find a -name b -prune -o -type f -print | sort
find -L a/link -name 2.txt
find a -iname '*.TXT' | sort
find a -regex '.*/[0-9]\.c'
find a -type f -printf '%f %s %d %m\n' | sort
find missing
echo $?
