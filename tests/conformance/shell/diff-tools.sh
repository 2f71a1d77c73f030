# diff, cmp, diff3: forms and status.
printf 'a\nb\nc\nd\n' >x
printf 'a\nB\nc\nd\ne\n' >y
diff x y
echo $?
diff -u --label l --label r x y
diff -q x y
diff x x
echo $?
diff -i <(echo a) <(echo A) && echo same
diff -w <(echo 'a  b') <(echo 'a b') && echo same
diff -y -W 20 x y
diff -c --label l --label r x y
cmp x y
echo $?
cmp -l <(printf abc) <(printf aXc)
cmp x x && echo equal
cmp <(printf ab) <(printf abc)
mkdir p q
echo 1 >p/s
echo 2 >q/s
touch p/only
diff -r p q
printf 'a\nmine\nc\n' >m
printf 'a\nb\nc\n' >o
printf 'a\nb\nc\nyours\n' >z
diff3 -m m o z
sdiff -s -w 30 x y
diff missing x
echo $?
diff --brief p x 2>&1
