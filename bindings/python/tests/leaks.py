"""leaks [COUNT]: makes, uses and closes COUNT sandboxes (10,000), each with a tool that is called, every
tenth on an exception's way out or left to the garbage collector. Prints what the process holds of
memory, descriptors and threads after a tenth of them and at the end; exits 1 if it grew."""

from __future__ import annotations

import gc
import os
import sys
import warnings

import cloche

_MEMORY_GROWTH = 8 << 20  # bytes; what the allocator's fragments take


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def held() -> dict[str, int]:
    gc.collect()
    threads = len(os.listdir("/proc/self/task"))
    return {
        "resident": resident(),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threads,
    }


def ask(x: int) -> int:
    return x + 1


def use(at: int) -> None:
    def mine(x: int) -> int:
        return ask(x) + (0 if sandbox.closed else 0)  # holds the sandbox that holds it

    sandbox = cloche.Sandbox(tools=[mine], grants=[cloche.Grant("mine", others="allow")])
    result = sandbox.run(f"tool call mine --x {at}")
    assert result.stdout == f"{at + 1}\n", result
    if at % 10 == 1:
        try:
            with sandbox:
                sandbox.run("exit 3").check()
        except cloche.CommandError:
            pass
    elif at % 10 != 2:
        sandbox.close()


def main(count: int) -> int:
    warnings.simplefilter("ignore", ResourceWarning)
    before: dict[str, int] = {}
    for at in range(count):
        use(at)
        if at == count // 10:
            before = held()
            print(f"after {at + 1}: {before}", flush=True)
    after = held()
    print(f"after {count}: {after}")
    grown = after["resident"] - before["resident"]
    leaked = grown > _MEMORY_GROWTH or after["descriptors"] > before["descriptors"]
    leaked |= after["threads"] > before["threads"] + 4
    print(f"{'LEAKED' if leaked else 'nothing leaked'}: {grown / (count * 0.9):.0f} bytes a sandbox")
    return 1 if leaked else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
