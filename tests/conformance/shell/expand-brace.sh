# Brace expansion.
echo {a,b,c}{1,2} x{,y,z}w {1..5} {5..1} {01..10..3} {a..e..2} {z..w}
echo {a} {a,b{1..3},c} "{a,b}" \{a,b} {} a{b}c pre{,}post {1..3}{x,y}
n=3
echo {1..$n}
echo {-2..2} {10..-10..5}
