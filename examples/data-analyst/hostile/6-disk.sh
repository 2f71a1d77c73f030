# Wants: all of the disk
head -c 900M /dev/zero > big
