"""os.fork() and waiting for the child, a thousand times."""

import os

for _ in range(1000):
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
