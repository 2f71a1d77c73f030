# Numbers of many bases in and out, bit tricks, large values.
echo $((2#101010)) $((8#52)) $((16#2a)) $((36#16)) $((0x2A)) $((052))
printf '%x %o %X %#x\n' 42 42 42 42
for n in 0 1 7 255 1000; do
  b=
  for ((m = n; m > 0; m /= 2)); do b=$((m % 2))$b; done
  echo "$n ${b:-0}"
done
echo $((1 << 40)) $((-1 >> 60)) $((0x7fffffffffffffff)) $((~0 & 0xff))
echo $((5 & 3)) $((5 | 3)) $((5 ^ 3)) $(((1 << 8) - 1))
echo $((-7 / 2)) $((-7 % 2)) $((7 / -2)) $((7 % -2))
gcd() { (($2 == 0)) && echo $1 || gcd $2 $(($1 % $2)); }
gcd 1071 462
