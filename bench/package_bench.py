"""package_bench PART ROUNDS: what the Python package costs a program, by wall clock, beside the same by
`subprocess`. Run by a Python that has the package. Prints JSON: microseconds of each side.

  import   `import cloche` in a fresh interpreter; natively `import subprocess`
  start    Sandbox(), run("echo hello"), close(); natively subprocess.run() of bash
  run      run("echo hello") in a sandbox that lives; natively the same as above
  tool     a function called from a loop of Python inside, and its result; natively a call of a function
           of a child process: a line through a pipe, and one back
  files    100 MB written into a sandbox and read again; natively a file in /dev/shm
  threads  loops of bash, one in each of 2 threads; natively (here: inside, too) both in one thread
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import Callable

BASH = ["bash", "-c", "echo hello"]
LOOP = "for ((i = 0; i < 200000; i++)); do :; done"
CALLS = 2000


def us(times: list[float]) -> dict[str, float]:
    return {"min_us": min(times) * 1e6, "median_us": statistics.median(times) * 1e6}


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(rounds: int, inside: Callable[[], float], native: Callable[[], float]) -> dict[str, object]:
    inside(), native()  # what is done once: compiled code, page caches
    times = [(inside(), native()) for _ in range(rounds)]
    return {"inside": us([a for a, _ in times]), "native": us([b for _, b in times])}


def import_time(module: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return float(done.stdout)


def hello_natively() -> float:
    def work() -> None:
        assert subprocess.run(BASH, capture_output=True, check=True, text=True).stdout == "hello\n"

    return timed(work)


def start(rounds: int) -> dict[str, object]:
    import cloche

    def work() -> None:
        with cloche.Sandbox() as sandbox:
            assert sandbox.run("echo hello").stdout == "hello\n"

    return in_turns(rounds, lambda: timed(work), hello_natively)


def run(rounds: int) -> dict[str, object]:
    import cloche

    with cloche.Sandbox() as sandbox:

        def work() -> None:
            assert sandbox.run("echo hello").stdout == "hello\n"

        return in_turns(rounds, lambda: timed(work), hello_natively)


def tool(rounds: int) -> dict[str, object]:
    import cloche

    def add(x: int) -> int:
        return x + 1

    cell = f"""
import time, tools
start = time.perf_counter()
for at in range({CALLS}): assert tools.add(x=at) == at + 1
(time.perf_counter() - start) / {CALLS}
"""
    child = "import sys\nfor line in sys.stdin: print(int(line) + 1, flush=True)"
    with (
        cloche.Sandbox(tools=[add], grants=["add"]) as sandbox,
        subprocess.Popen(
            [sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as echo,
    ):

        def inside() -> float:
            return float(sandbox.run_python(cell).check().value)

        def calls() -> None:
            assert echo.stdin is not None and echo.stdout is not None
            for at in range(CALLS):
                echo.stdin.write(f"{at}\n")
                echo.stdin.flush()
                assert int(echo.stdout.readline()) == at + 1

        return in_turns(rounds, inside, lambda: timed(calls) / CALLS)


def files(rounds: int) -> dict[str, object]:
    import cloche

    data = bytes(range(256)) * (100_000_000 // 256)
    with cloche.Sandbox() as sandbox, tempfile.NamedTemporaryFile(dir="/dev/shm") as file:

        def inside() -> None:
            sandbox.files.write("big", data)
            assert len(sandbox.files.read_bytes("big")) == len(data)

        def native() -> None:
            path = pathlib.Path(file.name)
            path.write_bytes(data)
            assert len(path.read_bytes()) == len(data)

        return in_turns(rounds, lambda: timed(inside), lambda: timed(native))


def threads(rounds: int) -> dict[str, object]:
    import cloche

    with cloche.Sandbox() as one, cloche.Sandbox() as two:

        def together() -> None:
            both = [threading.Thread(target=box.run, args=(LOOP,)) for box in (one, two)]
            for thread in both:
                thread.start()
            for thread in both:
                thread.join()

        def in_one() -> None:
            def both() -> None:
                one.run(LOOP)
                two.run(LOOP)

            thread = threading.Thread(target=both)
            thread.start()
            thread.join()

        return in_turns(rounds, lambda: timed(together), lambda: timed(in_one))


def imports(rounds: int) -> dict[str, object]:
    return in_turns(rounds, lambda: import_time("cloche"), lambda: import_time("subprocess"))


PARTS = {"import": imports, "start": start, "run": run, "tool": tool, "files": files, "threads": threads}
print(json.dumps(PARTS[sys.argv[1]](int(sys.argv[2]))))
