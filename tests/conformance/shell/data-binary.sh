# Binary data survives every stage.
for i in 0 1 2 3; do for j in 0 1 2 3 4 5 6 7; do for k in 0 1 2 3 4 5 6 7; do printf "\\$i$j$k"; done; done; done >all
wc -c <all
cksum all
cat all | cat | cksum
od -An -v -tu1 all | tr -s ' \n' '\n' | grep -c .
base64 all | base64 -d | cmp - all && echo same
dd if=all bs=7 2>/dev/null | cksum
head -c 128 all >h
tail -c 128 all >t
cat h t | cmp - all && echo joined
tr '\000-\377' '\001-\377\000' <all | cksum
gzip -nc all | gzip -d | cksum
sort all | cksum
tee c <all | cksum
cmp all c \&\& echo teed
