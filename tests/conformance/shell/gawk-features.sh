#@ needs: gawk
# What only GNU awk has: sorted traversal, gensub, times, bit operations, coprocess.
gawk 'BEGIN {
  a["c"] = 1; a["a"] = 3; a["b"] = 2
  PROCINFO["sorted_in"] = "@ind_str_asc"; for (k in a) printf "%s ", k; print ""
  PROCINFO["sorted_in"] = "@val_num_desc"; for (k in a) printf "%s ", k; print ""
  print gensub(/(a)(b)/, "\\2\\1", "g", "abab"), strftime("%Y", 0, 1), and(12, 10), or(12, 10), lshift(1, 4), strtonum("0x1f")
  n = asort(a, s); print n, s[1], s[3]; m[1][2] = 3; print m[1][2], isarray(m)
  cmd = "sort -n"; print 3 |& cmd; print 1 |& cmd; close(cmd, "to"); while ((cmd |& getline l) > 0) print "co", l; close(cmd)
  print length("x"), toupper(substr("abc", 2)); print "A" ~ /a/; IGNORECASE = 1; print "A" ~ /a/
  switch (3) { case 1: print "one"; break; case /3/: print "three"; break; default: print "d" }
}'
printf 'ab12cd' | gawk -v FPAT='[0-9]+' '{print $1}'
printf 'abcdef\n' | gawk -v FIELDWIDTHS='2 3 1' '{print $2}'
gawk --version | head -n 1 | cut -c1-7
