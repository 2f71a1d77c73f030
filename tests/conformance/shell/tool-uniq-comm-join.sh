# uniq, comm, join.
printf 'a\na\nb\nc\nc\nc\n' >f
uniq f
uniq -c f
uniq -d f
uniq -u f
printf '1 x\n2 x\n3 y\n' | uniq -f 1
printf 'A\na\n' | uniq -i
printf 'a\nb\nc\n' >l
printf 'b\nc\nd\n' >r
comm l r
comm -3 l r
printf '1 one\n2 two\n3 three\n' >j1
printf '1 I\n3 III\n4 IV\n' >j2
join j1 j2
join -a1 -a2 -e - -o 0,1.2,2.2 j1 j2
join -v1 j1 j2
join -t: -1 2 <(printf 'a:k1\nb:k2\n') <(printf 'k1:v\nk2:w\n')
printf 'b\na\n' | comm - l 2>&1
