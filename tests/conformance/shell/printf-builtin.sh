# printf: formats, reuse, %q, %b, -v, times, errors.
printf '%s|%5s|%-5s|%05d|%x|%X|%o|%c|%%\n' str r l 42 255 255 8 char
printf '%d %i %u\n' 10 -3 7 0x10 010
printf '%.3f %e %g %G\n' 3.14159 12345.678 0.0001 1e20
printf '%s-%s\n' a b c d e
printf '%b' 'tab\there\nand \101\x42\n'
printf '%q ' 'a b' "it's" '' '$x'
echo
printf -v v '%03d' 7
echo "$v"
printf '%*d|%-*d|%.*f\n' 5 1 5 2 2 3.14159
printf "%d\n" "'A" '"B'
printf '%d\n' abc
echo $?
printf '%(%Y-%m-%d %H:%M:%S)T\n' 86399
printf '%s\n'
printf '%5.2s|\n' abc
printf '\x41\102\n'
