# Globbing: order, dot files, classes, no match.
touch a.c b.c c.h .hidden 'sp ace.c' B.c 1.c
mkdir sub
touch sub/x.c sub/.y
echo *.c
echo ?.c
echo [a-b].c
echo [!a]*.c
echo .h*
echo */*
echo *
echo [[:upper:]]*
echo [[:digit:]]*
echo no*match
echo "*.c"
echo sub/*
echo */
echo ./*.h
echo s*/*.c
echo \*.c
v='*.h'
echo $v "$v"
