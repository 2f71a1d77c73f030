# Wants: all of the memory
hoard = []
while True:
    hoard.append(bytearray(64 << 20))
