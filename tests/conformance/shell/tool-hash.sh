# Digests and encodings.
printf 'The quick brown fox' >f
md5sum f
sha1sum f
sha224sum f
sha256sum f
sha384sum <f
sha512sum f
b2sum f
sha256sum f >sums
sha256sum -c sums
echo x >>f
sha256sum -c sums
echo $?
base64 f
base64 -w 10 f
base64 f | base64 -d | cmp - f && echo same
base32 <f
echo '!!' | base64 -d
echo $?
seq 3000 | base64 | md5sum
