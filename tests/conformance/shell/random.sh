# RANDOM, SRANDOM and seeding.
RANDOM=42
a="$RANDOM $RANDOM $RANDOM"
RANDOM=42
[ "$a" = "$RANDOM $RANDOM $RANDOM" ] && echo "$a"
[ $SRANDOM != $SRANDOM ] && echo differs
(echo $RANDOM) | grep -c .
head -c 16 /dev/urandom | wc -c
[ "$(head -c 16 /dev/urandom | od -An -tx1)" != "$(head -c 16 /dev/urandom | od -An -tx1)" ] && echo unlike
