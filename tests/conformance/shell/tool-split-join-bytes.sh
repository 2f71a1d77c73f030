# Cutting files to pieces and joining them again, binary safe.
head -c 50000 /dev/urandom >r
split -b 7777 -a 3 r p.
ls p.* | wc -l
cat p.* | cmp - r && echo joined
split -n 5 r q.
cat q.* | cmp - r && echo joined
head -c 20000 r >h
tail -c 30000 r >t
cat h t | cmp - r && echo joined
tail -c +20001 r | cmp - t && echo same
od -An -v -tx1 r | tr -d ' \n' | wc -c
base64 -w0 r | base64 -d | cmp - r && echo decoded
gzip -c r | gzip -d | cmp - r && echo gzip
rm p.* q.* r h t
