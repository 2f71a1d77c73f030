# Wants: the CPU, and does not heed interrupts
while True:
    try:
        while True:
            pass
    except BaseException:
        print("no, I go on", flush=True)
