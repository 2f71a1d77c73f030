# Some thousand turns of everything, as a check that nothing leaks or slows down.
n=0
for ((i = 0; i < 20000; i++)); do
  case $((i % 5)) in
    0) n=$((n + 1)) ;;
    1 | 2) n=$((n + 2)) ;;
    *) n=$((n - 1)) ;;
  esac
done
echo $n
s=
for i in {1..2000}; do s+=$i; done
echo ${#s}
a=()
for i in {1..3000}; do a+=("$i"); done
echo ${#a[@]} ${a[2999]}
f() { g "$1"; }
g() { r=$(($1 * 2)); }
for i in {1..3000}; do f $i; done
echo $r
declare -A m
for i in {1..2000}; do m[k$((i % 100))]=$i; done
echo ${#m[@]} ${m[k99]}
x=abcdefghij
for i in {1..2000}; do x=${x:1}${x:0:1}; done
echo $x
