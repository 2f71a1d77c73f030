# grep -r, include, exclude, binary files, null separators.
mkdir -p d/e
echo needle >d/a.c
echo needle >d/e/b.h
echo hay >d/e/c.c
printf 'bin\0needle\n' >d/bin
grep -r needle d --exclude=bin | sort
grep -rl needle d | sort
grep -r --include='*.h' needle d
grep -c needle d/bin
grep -a -c needle d/bin
grep -I needle d/bin
echo $?
grep -rZl needle d | sort -z | tr '\0' '|'
echo
grep -z x <<<'x'
egrep 'n(e|x)edle' d/a.c 2>/dev/null
grep needle d
echo $?
