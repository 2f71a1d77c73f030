# awk: user functions, recursion, sorting, a word count, a report.
awk 'function f(n) { return n < 2 ? 1 : n * f(n - 1) } BEGIN { print f(10) }'
awk 'function fib(n) { return n < 2 ? n : fib(n-1) + fib(n-2) } BEGIN { print fib(20) }'
awk 'function fill(a, n,  i) { for (i = 1; i <= n; i++) a[i] = n - i } function sort(a, n,  i, j, t) { for (i = 2; i <= n; i++) { t = a[i]; for (j = i - 1; j > 0 && a[j] > t; j--) a[j+1] = a[j]; a[j+1] = t } } BEGIN { fill(x, 200); sort(x, 200); print x[1], x[100], x[200] }'
seq 1 20000 | awk '{c[$1 % 7]++} END {for (i = 0; i < 7; i++) print i, c[i]}'
yes 'the cat sat on the mat the end' | head -n 500 | tr ' ' '\n' | awk '{w[$1]++} END {for (k in w) print w[k], k}' | sort -k1,1nr -k2
awk 'BEGIN { for (i = 2; i <= 100; i++) { p = 1; for (j = 2; j * j <= i; j++) if (i % j == 0) { p = 0; break } if (p) printf "%d ", i } print "" }'
seq 100000 | awk '{s += $1 * $1} END {printf "%.0f\n", s}'
