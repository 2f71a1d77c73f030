"""``python -m cloche`` is the command ``cloche``."""

import os
import sys

from ._host import COMMAND


def main() -> None:
    os.execv(COMMAND, ["cloche", *sys.argv[1:]])


if __name__ == "__main__":
    main()
