# awk: string functions, regular expressions, printf.
awk 'BEGIN {
  s = "hello world"
  print substr(s, 1, 5), substr(s, 7), index(s, "wor"), toupper(s), length(s)
  print match(s, /o w/), RSTART, RLENGTH
  t = s; n = gsub(/o/, "0", t); print n, t
  t = s; sub(/l+/, "[&]", t); print t
  t = s; gsub(/l/, "\\&", t); print t
  n = split("a:b:c", a, ":"); print n, a[1], a[3]
  n = split("  x  y ", b); print n, b[1], b[2]
  n = split("abc", c, ""); print n, c[1], c[3]
  printf "%5d|%-5d|%05d|%x|%o|%c|%s|%.2f|%e|%%\n", 42, 42, 42, 255, 8, "A", "str", 3.14159, 12345.678
  print "a" "b" 1 + 2 "c", -1 " " 2
  print ("abc" ~ /b/), ("abc" ~ "^c"), ("x" !~ /y/)
  print tolower("ABC") sprintf("%03d", 7)
  print 1/3, 100000000, 1e6, 123456789012, 0.000001
  x["a", 1] = 2; for (k in x) { split(k, p, SUBSEP); print p[1], p[2] }
  print ("a" in x), (("a", 1) in x); delete x["a", 1]; print length(x)
}'
