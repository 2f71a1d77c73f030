#!/usr/bin/env python3
"""Prints the benchmark rows: what Cloche costs beside the same work done natively, in the same run.

Native and inside take turns, so that what disturbs one disturbs the other. CPU time is that of the
command and of all its children (wait4); nothing is subtracted from the inside figure, so it holds
the start of the command and of the sandbox, which the row `start` shows alone. A row passes when
the ratio of the medians is within its target; minima are printed beside them.

Exit status: 0 rows were printed (a missed target is printed, not an error), 1 a row failed to run,
2 wrong usage, 125 Cloche is missing.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LC_ALL": "C", "TERM": "dumb"}
UTF8 = {**ENVIRONMENT, "LC_ALL": "C.UTF-8"}
MEGABYTE = 1_000_000
BUSY_LOAD = 0.3  # a core: above it the figures are doubtful
PARKED = 40


class RowError(Exception):
    """A row could not be measured; says why."""


class NotAvailable(Exception):
    """What a row compares with is not on this machine; says why. No failure."""


@dataclasses.dataclass
class Sample:
    cpu: float
    wall: float
    output: bytes


@dataclasses.dataclass
class Result:
    """One printed row. Figures are in `unit`; `native` is None where nothing native compares."""

    row: str
    title: str
    unit: str
    inside_median: float
    inside_min: float
    native_median: float | None = None
    native_min: float | None = None
    ratio: float | None = None
    ratio_min: float | None = None
    ratio_wall: float | None = None
    target: float | None = None
    measure: str = "cpu"
    note: str = ""

    def value(self):
        return self.inside_min if self.native_median is None else self.ratio

    def verdict(self):
        if self.target is None:
            return ""
        if self.value() <= self.target:
            return "PASS"
        if self.target == 0:
            return "MISS"
        return f"MISS by {(self.value() / self.target - 1) * 100:.0f} %"


def run_once(command, env):
    """Runs a command to its end. Raises RowError unless it ends with 0."""
    start = time.monotonic()
    process = subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    process.stdout.close()
    if process.returncode != 0:
        words = " ".join(str(word) for word in command)
        raise RowError(
            f"ended with {process.returncode}: {words[:300]}\n{output[-2000:].decode('utf-8', 'replace')}"
        )
    return Sample(usage.ru_utime + usage.ru_stime, wall, output)


class Bench:
    """What rows need: the command, data, programs, a scratch folder."""

    def __init__(self, options, scratch):
        self.options = options
        self.scratch = scratch
        self.cache = pathlib.Path(options.cache)
        self.cache.mkdir(parents=True, exist_ok=True)
        self.code_cache = self.cache / "code"
        self.printed = {}  # by figures()
        self.pack = pathlib.Path(
            os.environ.get("CLOCHE_PACK") or pathlib.Path(options.cloche).with_name("cloche.pack")
        )

    def inside_env(self, code_cache=None):
        return {
            **ENVIRONMENT,
            "CLOCHE_CACHE_DIR": str(code_cache or self.code_cache),
            "CLOCHE_PACK": str(self.pack),
        }

    def inside(self, command, mounts=(), environment=ENVIRONMENT):
        """The command line that runs `command` inside."""
        line = [self.options.cloche, "run", "--quiet", "--timeout", "0", "--cpu-time", "0"]
        line += ["--memory", "4G", "--pids", "1000", "-w", "/tmp"]
        for name in ("LC_ALL", "HOME"):
            line += ["-e", f"{name}={environment[name]}"]
        for mount in mounts:
            line += ["-v", f"{mount}:{mount}:ro"]
        return [*line, "--", *command]

    def compare(self, row, native, inside, environment=ENVIRONMENT):
        """Runs both sides in turn and makes the row's result."""
        repeats = 2 if self.options.quick else row.repeats
        # Compiles what is not compiled yet, fills page caches, and shows that both do the same work.
        first = run_once(inside, self.inside_env()), run_once(native, environment)
        if first[0].output != first[1].output:
            raise RowError(f"inside printed {first[0].output[-500:]}, native {first[1].output[-500:]}")
        samples = {"native": [], "inside": []}
        for turn in range(repeats):
            sides = [("native", native, environment), ("inside", inside, self.inside_env())]
            for name, command, env in sides if turn % 2 == 0 else reversed(sides):
                samples[name].append(run_once(command, env))
        return summarise(row, samples["native"], samples["inside"])

    def built(self, name):
        """A program of the build that stands beside the command."""
        program = pathlib.Path(self.options.cloche).with_name("bench") / name
        if not program.exists():
            raise RowError(f"{program} is not built")
        return program

    def figures(self, name, *arguments):
        """What such a program prints, a JSON object; it runs once, however many rows want a part."""
        command = (name, *(str(argument) for argument in arguments))
        if command not in self.printed:
            done = run_once([self.built(name), *command[1:]], ENVIRONMENT)
            self.printed[command] = json.loads(done.output)
        return self.printed[command]

    def program(self, name):
        """Builds bench/programs/NAME.c for both sides."""
        folder = self.scratch / "programs"
        folder.mkdir(exist_ok=True)
        source = HERE / "programs" / f"{name}.c"
        native, guest = folder / f"{name}-native", folder / name
        if not guest.exists():
            build(["gcc", "-O2", "-pthread", "-o", native, source])
            build([f"{self.sysroot()}/bin/cloche-cc", "-O2", "-pthread", "-o", guest, source])
        return native, guest

    @staticmethod
    def sysroot():
        if os.environ.get("CLOCHE_SYSROOT"):
            return os.environ["CLOCHE_SYSROOT"]
        done = subprocess.run(
            [REPOSITORY / "scripts/build-sysroot"], stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode != 0:
            raise RowError("scripts/build-sysroot failed: no libc to build the program with")
        return done.stdout.splitlines()[-1]

    def text(self):
        """50 MB of lines: a number, words, a number. The same bytes on every machine."""
        size = (5 if self.options.quick else 50) * MEGABYTE
        path = self.cache / f"text-{size}"
        if not path.exists():
            part = path.with_suffix(".part")
            write_text(part, size)
            part.rename(path)
        return path


def build(command, env=None):
    done = subprocess.run(command, env=env, capture_output=True, check=False, text=True)
    if done.returncode != 0:
        raise RowError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def write_text(path, size):
    source = random.Random(20240501)
    words = ["".join(source.choices("etaoinshrdlucmfw", k=source.randint(2, 9))) for _ in range(3000)]
    written = 0
    with open(path, "w", encoding="ascii") as stream:
        while written < size:
            lines = []
            for _ in range(5000):
                a, b, c, d = source.choices(words, k=4)
                lines.append(f"{source.randrange(10**7)} {a} {b} {c} {d} {source.randrange(1000)}\n")
            block = "".join(lines)[: size - written]
            written += stream.write(block)


def summarise(row, native, inside):
    def median(samples, what):
        return statistics.median(getattr(s, what) for s in samples)

    def least(samples, what):
        return min(getattr(s, what) for s in samples)

    what = row.measure
    return Result(
        row=row.name,
        title=row.title,
        unit="ms",
        native_median=median(native, what) * 1000,
        native_min=least(native, what) * 1000,
        inside_median=median(inside, what) * 1000,
        inside_min=least(inside, what) * 1000,
        ratio=median(inside, what) / median(native, what),
        ratio_min=least(inside, what) / least(native, what),
        ratio_wall=median(inside, "wall") / median(native, "wall"),
        target=row.target,
        measure=what,
        note=row.note,
    )


@dataclasses.dataclass
class Row:
    name: str
    title: str
    target: float | None
    run: object  # (Bench, Row) -> Result
    repeats: int = 7
    measure: str = "cpu"  # which of a Sample's two the target is about
    note: str = ""


def shell_row(script):
    """The same script by the host's bash and by the guest's."""

    def run(bench, row):
        command = ["bash", "-c", script]
        return bench.compare(row, command, bench.inside(command))

    return run


def program_row(name, *arguments):
    """A C program of bench/programs, built for both sides."""

    def run(bench, row):
        native, guest = bench.program(name)
        return bench.compare(
            row, [native, *arguments], bench.inside([str(guest), *arguments], [guest.parent])
        )

    return run


def wasi_row(name, times):
    """A program of bench/programs, started many times by bash: a native one, and one for WASI."""

    def run(bench, row):
        folder = bench.scratch / "wasi"
        folder.mkdir(exist_ok=True)
        source = HERE / "programs" / f"{name}.c"
        native, guest = folder / f"{name}-native", folder / f"{name}.wasm"
        build(["gcc", "-O2", "-o", native, source])
        build(["clang-22", "--target=wasm32-wasi", "-O2", "-o", guest, source])
        script = ["bash", "-c", f"for ((i = 0; i < {times}; i++)); do $0; done | uniq -c"]
        result = bench.compare(row, [*script, native], bench.inside([*script, str(guest)], [folder]))
        result.note = f"one start inside: {result.inside_median / times:.2f} ms (goal: 0.5)"
        return result

    return run


def text_row(script):
    """A script over the text file, $F. What it prints is thrown away inside the script."""

    def run(bench, row):
        path = bench.text()
        command = ["bash", "-c", f"F={path}; {script}"]
        return bench.compare(row, command, bench.inside(command, [path]))

    return run


def js_row(text):
    """The same JavaScript by the host's node and by the guest's js."""

    def run(bench, row):
        if shutil.which("node") is None:
            raise RowError("there is no node on this machine")
        return bench.compare(row, ["node", "-e", text], bench.inside(["js", "-e", text]))

    return run


def native_python(bench):
    """CPython of the version inside, built from the same source; minutes the first time."""
    if "python" not in bench.printed:
        done = subprocess.run(
            [REPOSITORY / "scripts/native-python"], stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode != 0:
            raise RowError("scripts/native-python failed: nothing to compare with")
        bench.printed["python"] = done.stdout.splitlines()[-1]
    return bench.printed["python"]


def python_row(name):
    """A program of bench/programs/python by the same CPython on both sides."""

    def run(bench, row):
        program = HERE / "programs" / "python" / f"{name}.py"
        inside = bench.inside(["python3", str(program)], [program.parent], UTF8)
        return bench.compare(row, [native_python(bench), str(program)], inside, UTF8)

    return run


def python_starts_row(bench, row):
    script = "for ((i = 0; i < 100; i++)); do $0 -c 'print(1)'; done"
    native = ["bash", "-c", script, native_python(bench)]
    inside = bench.inside(["bash", "-c", script, "python3"], environment=UTF8)
    return bench.compare(row, native, inside, UTF8)


BWRAP = "bwrap --unshare-all --ro-bind / / --dev /dev --proc /proc"
PRLIMIT = "prlimit --as=536870912 --cpu=30 --nproc=256 --nofile=1024"


def bwrap_row(bench, row):
    """A bash in a bubblewrap sandbox with limits, and in one of Cloche: two commands."""
    for tool in ("bwrap", "prlimit"):
        if shutil.which(tool, path=ENVIRONMENT["PATH"]) is None:
            raise NotAvailable(f"there is no {tool} on this machine (Debian: bubblewrap, util-linux)")
    command = ["bash", "-c", "echo hello"]
    native = [*BWRAP.split(), *PRLIMIT.split(), *command]
    tried = subprocess.run(native, env=ENVIRONMENT, capture_output=True, check=False, text=True)
    if tried.returncode != 0:
        raise NotAvailable(f"bwrap ended with {tried.returncode}: {tried.stderr.strip()}")
    result = bench.compare(row, native, bench.inside(command))
    rounds = "20" if bench.options.quick else "200"
    within = bench.figures("sandbox_bench", bench.pack, bench.code_cache, rounds)["inside"]
    result.note = f"in one process, median (min): {pair(within['median_us'] / 1000, within['min_us'] / 1000)} ms"
    return result


def start_row(bench, row):
    return bench.compare(row, ["bash", "-c", "true"], bench.inside(["true"]))


def configure_row(bench, row):
    """configure of GNU hello, the compiler's answers replayed on both sides."""
    work = bench.scratch / "configure"
    if not work.exists():
        record_configure(work)
    tools = work / "tools"
    source = next(work.glob("hello-*"))
    run = str(tools / "run-configure")
    native_build = bench.scratch / "configure-native"
    script = f"rm -rf {native_build}; {run} {source} {native_build} {tools / 'cc-replay'}"
    inside_script = f"{run} {source} /tmp/build {tools / 'cc-replay'}"
    answers = f"export ANSWERS={work / 'answers'}; "
    return bench.compare(
        row,
        ["sh", "-c", answers + script],
        bench.inside(["sh", "-c", answers + inside_script], [work]),
    )


def record_configure(work):
    """Fetches the source and records what the real compiler answers to its configure."""
    work.mkdir()
    done = subprocess.run(
        [REPOSITORY / "scripts/fetch-source", "hello", "trixie", work], capture_output=True, check=False
    )
    if done.returncode != 0:
        raise RowError(f"scripts/fetch-source hello failed:\n{done.stderr.decode()}")
    shutil.copytree(HERE / "configure", work / "tools")
    (work / "tools" / "bin").mkdir()
    for name in ("ld", "ar", "nm", "ranlib", "strip", "objdump"):
        shutil.copy2(HERE / "configure" / "binutils", work / "tools" / "bin" / name)
    env = {**ENVIRONMENT, "ANSWERS": str(work / "answers")}
    tools = work / "tools"
    source = next(work.glob("hello-*"))
    build([tools / "run-configure", source, work / "recorded", tools / "cc-record"], env)
    shutil.rmtree(work / "recorded")


def sandbox_row(bench, row):
    """A sandbox in this process: made, used, destroyed."""
    program = bench.built("sandbox_bench")
    rounds = "20" if bench.options.quick else "200"
    done = subprocess.run(
        [program, bench.pack, bench.code_cache, rounds], capture_output=True, check=False, text=True
    )
    if done.returncode != 0:
        raise RowError(done.stderr)
    times = json.loads(done.stdout)
    inside, native = times["inside"], times["native"]
    return Result(
        row=row.name,
        title=row.title,
        unit="ms",
        inside_median=inside["median_us"] / 1000,
        inside_min=inside["min_us"] / 1000,
        target=row.target,
        measure="wall",
        note=f"bash alone, natively: {native['min_us'] / 1000:.2f} min, {native['median_us'] / 1000:.2f} median",
    )


def package_row(part, unit, rounds, ratio=False):
    """A figure of package_bench.py, run by the Python that scripts/build-python has made. `ratio`: the
    target is about the two sides, else about the minimum inside."""
    divisor = {"us": 1.0, "ms": 1e3}[unit]

    def run(bench, row):
        python = HERE.parent / "build/python/venv/bin/python"
        if not python.exists():
            raise NotAvailable("no build/python/venv: run scripts/build --python")
        count = str(max(2, rounds // 10) if bench.options.quick else rounds)
        sample = run_once([python, HERE / "package_bench.py", part, count], bench.inside_env())
        times = json.loads(sample.output)
        inside, native = times["inside"], times["native"]
        result = Result(
            row=row.name,
            title=row.title,
            unit=unit,
            inside_median=inside["median_us"] / divisor,
            inside_min=inside["min_us"] / divisor,
            target=row.target,
            measure="wall",
        )
        if ratio:
            result.native_median = native["median_us"] / divisor
            result.native_min = native["min_us"] / divisor
            result.ratio = inside["median_us"] / native["median_us"]
            result.ratio_min = inside["min_us"] / native["min_us"]
        else:
            least, median = native["min_us"] / divisor, native["median_us"] / divisor
            result.note = f"natively: {least:.2f} min, {median:.2f} median"
        return result

    return run


def figures_row(figures, name, unit, measure="cpu", note=None):
    """One figure of a program that prints many: `figures(bench)` gives them all, in nanoseconds,
    bytes or parts per billion."""
    divisor = {"us": 1e3, "ms": 1e6, "MB": MEGABYTE, "%": 1e7}[unit]

    def run(bench, row):
        times = figures(bench)[name]
        return Result(
            row=row.name,
            title=row.title,
            unit=unit,
            inside_median=times["median_ns"] / divisor,
            inside_min=times["min_ns"] / divisor,
            target=row.target,
            measure=measure,
            note=note(bench) if note else "",
        )

    return run


def cap_row(name, unit):
    """A figure of cap_bench: CPU time of one check, charge or tree."""
    return figures_row(lambda bench: bench.figures("cap_bench", "5" if bench.options.quick else "31"), name, unit)


def host_row(name, unit, note=None):
    """A figure of host_bench. 100 MB in 333 ms are 300 MB/s."""

    def figures(bench):
        return bench.figures("host_bench", bench.pack, bench.code_cache, "3" if bench.options.quick else "15")

    return figures_row(figures, name, unit, "wall", note and (lambda bench: note(figures(bench))))


def mb_a_second(name):
    """Beside a time for 100 MB, and the same beside a busy program."""

    def note(figures):
        idle, busy = (1e11 / figures[each]["median_ns"] for each in (name, name + ", busy"))
        return f"{idle:.0f} MB/s; beside a loop {busy:.0f} MB/s"

    return note


def sched_row(name, unit, measure="cpu"):
    """A figure of sched_bench; those of a percentile are no minimum of anything, but the figure itself."""
    return figures_row(lambda bench: bench.figures("sched_bench", "1" if bench.options.quick else "5"), name, unit, measure)


def raise_open_files():
    """Many sandboxes want many descriptors: two pipes for each, and what it has itself."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def density_row(name, unit, measure="wall"):
    """A figure of density_bench."""

    def figures(bench):
        raise_open_files()
        count = "100" if bench.options.quick else "1000"
        return bench.figures("density_bench", count, bench.pack, bench.code_cache)

    return figures_row(figures, name, unit, measure)


def live_row(live):
    """A sandbox beside `live` that wait; what compares is the same beside 1, measured in turn with it."""

    def run(bench, row):
        raise_open_files()
        most = 100 if bench.options.quick else 1000
        figures = bench.figures("density_bench", str(most), bench.pack, bench.code_cache)
        one, many = figures["hello beside 1"], figures[f"hello beside {min(live, most)}"]
        return Result(
            row=row.name,
            title=row.title,
            unit="ms",
            native_median=one["median_ns"] / 1e6,
            native_min=one["min_ns"] / 1e6,
            inside_median=many["median_ns"] / 1e6,
            inside_min=many["min_ns"] / 1e6,
            ratio=many["median_ns"] / one["median_ns"],
            ratio_min=many["min_ns"] / one["min_ns"],
            target=row.target,
            measure="wall",
            note="the ratio is to the row live_1, which stands in the native column",
        )

    return run


def fairness_row(part, name, unit, measure="wall"):
    """A figure of a part of fairness_bench."""

    def figures(bench):
        seconds = "1" if bench.options.quick else "5"
        return bench.figures("fairness_bench", part, seconds, bench.pack, bench.code_cache)

    return figures_row(figures, name, unit, measure)


def affinity_row(bench, row):
    if len(os.sched_getaffinity(0)) < 2:
        raise NotAvailable("this machine has one CPU")
    result = fairness_row("affinity", "affinity, elsewhere", "%", "off")(bench, row)
    result.note = f"on their own: {100 - result.inside_median:.2f} % of samples, weighted by CPU time"
    return result


def accounting_row(part, name, unit, measure):
    """A figure of a part of accounting_bench."""

    def figures(bench):
        raise_open_files()
        full, quick = {"idle": (1000, 100), "busy": (100, 100), "cost": (31, 5)}[part]
        count = quick if bench.options.quick else full
        return bench.figures("accounting_bench", part, count, bench.pack, bench.code_cache)

    def ticks(bench):
        return f"{figures(bench)[f'{part}, ticks']['median_ns']:.0f} ticks a second"

    return figures_row(figures, name, unit, measure, None if part == "cost" else ticks)


JSONSCHEMA = "jsonschema==4.23.0"


def python_call_ns(bench):
    """What a call costs through a Python wrapper that checks it with jsonschema."""
    folder = bench.cache / "python"
    python = folder / "bin" / "python3"
    if not python.exists():
        run_once([sys.executable, "-m", "venv", folder], os.environ)
        run_once([python, "-m", "pip", "install", "--quiet", JSONSCHEMA], os.environ)
    return float(run_once([python, HERE / "call_wrapper.py", "5000"], ENVIRONMENT).output)


def tools_figures(bench):
    _, caller = bench.program("toolcalls")
    repeats = "3" if bench.options.quick else "15"
    return bench.figures("tools_bench", repeats, bench.pack, bench.code_cache, caller)


def python_note(bench):
    return f"through Python and jsonschema: {python_call_ns(bench) / 1000:.1f} us"


def tools_row(name, unit, note=None):
    """A figure of tools_bench: wall time of one call."""
    return figures_row(tools_figures, name, unit, "wall", note)


def http_figures(bench):
    """Clients of examples/http-server, which is started for them; once for all rows."""
    if "http" not in bench.printed:
        server = bench.built("../examples/http-server/http-server")
        process = subprocess.Popen(
            [server, "--port", "0", "--pack", bench.pack], env=bench.inside_env(), stdout=subprocess.PIPE, text=True
        )
        try:
            port = process.stdout.readline().rstrip().rsplit(":", 1)[1]
            seconds = "2" if bench.options.quick else "15"
            bench.printed["http"] = bench.figures("http_bench", port, seconds)
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()
    return bench.printed["http"]


def http_row(bench, row):
    """Requests a second, without and with a hostile user beside; latencies stand in the note."""
    figures = http_figures(bench)
    part = "beside" if row.name == "http_beside" else "alone"
    rate = 1e9 / figures[f"{part}, a request"]["min_ns"]
    p50, p99 = (figures[f"{part}, {p}"]["min_ns"] / 1e6 for p in ("p50", "p99"))
    return Result(row.name, row.title, "/s", rate, rate, measure="wall", note=f"p50 {p50:.1f} ms, p99 {p99:.1f} ms")


def session_row(name, unit="ms"):
    """A figure of session_bench: wall time of one cell."""

    def figures(bench):
        return bench.figures("session_bench", "20" if bench.options.quick else "200", bench.pack, bench.code_cache)

    return figures_row(figures, name, unit, "wall")


def memory_of(pid):
    """Bytes that a process has for itself alone: Pss, which counts shared pages by shares."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RowError("no Pss in smaps_rollup")


PARKED_BASH = "bash -c 'echo parked; read -r line <&3'"
PARKED_PYTHON = """python3 -c 'import os; print("parked", flush=True); os.read(3, 1)'"""


def parked_memory(bench, parked, count):
    """Memory of the command while `count` commands `parked` inside wait in read."""
    script = (
        'mkfifo /tmp/park; exec 3<>/tmp/park; i=0; while [ $i -lt "$1" ]; do '
        f"{parked} & i=$((i+1)); done; echo all; wait"
    )
    process = subprocess.Popen(
        bench.inside(["bash", "-c", script, "park", str(count)], environment=UTF8),
        env=bench.inside_env(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        for _ in range(count + 1):
            line = process.stdout.readline()
            if line.strip() not in (b"parked", b"all"):
                raise RowError(f"they did not park: {line!r}")
        time.sleep(0.3)
        return memory_of(process.pid)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def parked_row(parked):
    def run(bench, row):
        parked_memory(bench, parked, 1)
        costs = []
        for _ in range(3):
            few, many = parked_memory(bench, parked, 1), parked_memory(bench, parked, 1 + PARKED)
            costs.append((many - few) / PARKED / MEGABYTE)
        return Result(
            row=row.name,
            title=row.title,
            unit="MB",
            inside_median=statistics.median(costs),
            inside_min=min(costs),
            target=row.target,
            measure="Pss",
        )

    return run


def compile_row(bench, row):
    times = []
    for _ in range(1 if bench.options.quick else 3):
        empty = pathlib.Path(tempfile.mkdtemp(dir=bench.scratch, prefix="code."))
        command = [bench.options.cloche, "warm", "--pack", str(bench.pack), "bash"]
        times.append(run_once(command, bench.inside_env(empty)))
    return Result(
        row=row.name,
        title=row.title,
        unit="s",
        inside_median=statistics.median(s.wall for s in times),
        inside_min=min(s.wall for s in times),
        target=row.target,
        measure="wall",
        note=f"CPU {statistics.median(s.cpu for s in times):.1f} s",
    )


def size_row(which):
    def run(bench, row):
        if which == "pack":
            size = bench.pack.stat().st_size
        else:
            stripped = bench.scratch / "stripped"
            build(["strip", "-o", stripped, bench.options.cloche])
            size = stripped.stat().st_size
        size /= MEGABYTE
        return Result(row.name, row.title, "MB", size, size, target=row.target, measure="size")

    return run


ROWS = [
    Row("start", "cloche run -- true | bash -c true", 2.0, start_row, 25, "wall"),
    Row("js_hello", "js -e 'console.log(\"hello\")' | node", None, js_row('console.log("hello")'), 25, "wall"),
    Row("python_hello", "bash: 100 x python3 -c 'print(1)'", None, python_starts_row),
    Row("python_fib", "Python: fib(24), 60 times", 1.6, python_row("fib")),
    Row("python_object", "Python: records, attributes, methods", 1.6, python_row("objects")),
    Row("python_json", "Python: JSON written and read", 1.6, python_row("json_text")),
    Row("python_regex", "Python: regular expressions", 1.6, python_row("regex")),
    Row("python_mix", "Python: dicts, sets, sorting", 1.6, python_row("mix")),
    Row("python_run", "Python: 500 x subprocess.run(['true'])", 0.7, python_row("run")),
    Row("python_fork", "Python: 1,000 x os.fork() and wait", 0.5, python_row("fork")),
    Row("fork_0", "3,000 x fork, exit, wait; 0 dirty pages", 0.25, program_row("fork", "3000", "0", "0")),
    Row("fork_100", "the same, 100 dirty pages", 0.25, program_row("fork", "3000", "100", "0")),
    Row("fork_500", "the same, 500 dirty pages", 0.6, program_row("fork", "3000", "500", "0")),
    Row("fork_writes", "100 pages, 10 written by each side", 0.5, program_row("fork", "3000", "100", "10")),
    Row("bash_subst", "bash: 2,000 x x=$(:)", 0.2, shell_row("for ((i=0;i<2000;i++)); do x=$(:); done")),
    Row("bash_true", "bash: 1,000 x /bin/true", 0.12, shell_row("for ((i=0;i<1000;i++)); do /bin/true; done")),
    Row("wasi_hello", "bash: 1,000 x a C hello for WASI | native", None, wasi_row("hello", 1000)),
    Row(
        "bash_pipe",
        "bash: 1,000 x echo a | while read",
        0.25,
        shell_row("for ((i=0;i<1000;i++)); do echo a | while read -r x; do :; done; done"),
    ),
    Row(
        "configure",
        "./configure of GNU hello",
        0.6,
        configure_row,
        5,
        note="the compiler's recorded answers are replayed by a shell script on both sides",
    ),
    Row(
        "bash_loop",
        "bash: 100,000 turns of arithmetic and case",
        1.7,
        shell_row(
            "n=0; for ((i=0;i<100000;i++)); do case $((i%4)) in 0) n=$((n+i));; 1|2) n=$((n-1));; "
            "*) n=$((n^i));; esac; done; echo $n"
        ),
    ),
    Row(
        "pipe_50mb",
        "cat | tr | cut | wc over 50 MB",
        1.6,
        text_row("cat $F | tr a-z A-Z | cut -d' ' -f1-3 | wc"),
        5,
    ),
    Row(
        "awk_50mb",
        "gawk: sums by key over 50 MB",
        1.6,
        text_row("gawk '{s[$2] += $1; n++} END {for (k in s) t += s[k]; print n, t}' $F"),
        5,
    ),
    Row("sed_50mb", "sed: two substitutions over 50 MB", 1.6, text_row("sed 's/the/THE/g; s/[0-9]*$/<&>/' $F > /dev/null"), 5),
    Row("sort_50mb", "sort of 50 MB", 1.6, text_row("sort -S 300M --parallel=1 $F > /dev/null"), 5),
    Row("grep_50mb", "grep -c of a pattern over 50 MB", 1.6, text_row("grep -cE '[ho]+t [0-9]{2}7$' $F"), 5),
    Row("pingpong", "20,000 turns of two threads (condition variable)", 0.5, program_row("pingpong", "20000")),
    Row("tcp_turns", "TCP on loopback: 20,000 turns of a byte, two processes", None, program_row("loopback", "turns", "20000")),
    Row("tcp_bytes", "TCP on loopback: 1 GiB one way", None, program_row("loopback", "bytes", "1024")),
    Row("sandbox", "sandbox + bash -c 'echo hello' + destroy, in process", 0.5, sandbox_row),
    Row("bwrap", "cloche run | bwrap and prlimit: echo hello", None, bwrap_row, 25, "wall"),
    Row("spawn", "true by spawn() and wait(), in a live sandbox", None, host_row("spawn", "ms")),
    Row("run", "true by run(), in the same", None, host_row("run", "ms")),
    *(
        Row(
            f"files_{verb}",
            f"{verb} 100 MB by Files",
            333,
            host_row(f"{verb} 100 MB", "ms", mb_a_second(f"{verb} 100 MB")),
        )
        for verb in ("write", "read", "pack", "unpack")
    ),
    Row("cap_charge", "a call checked and charged, 1 grant", None, cap_row("charge, 1 grant", "us")),
    Row(
        "cap_grants",
        "the same, beside 1,000 grants of other tools",
        0.5,
        cap_row("charge, 1000 grants of other tools", "us"),
    ),
    Row(
        "cap_worst",
        "the same, the last of 1,000 for the tool allows",
        5.0,
        cap_row("charge, 1000 grants that match the name, the last allows", "us"),
    ),
    Row("cap_patterns", "the same, each grant by a regular expression", None, cap_row("the same, each by a pattern", "us")),
    Row("cap_refuse", "a call refused by 1,000 for the tool", None, cap_row("refuse, 1000 grants that match the name", "us")),
    Row("cap_caveat", "the conditions of the example, 4 parameters", None, cap_row("caveat of the example", "us")),
    Row("cap_tree", "derive, revoke, drop a tree of 10,000 nodes", 5.0, cap_row("derive, revoke and drop 10000 nodes", "ms")),
    Row(
        "tool_call",
        "a call checked, charged, audited in memory",
        3.0,
        tools_row("checked, charged, audited in memory", "us", python_note),
    ),
    Row("tool_schema", "the same, with a schema", None, tools_row("the same, with a schema", "us")),
    Row("tool_file", "the same without one, audit in a file", 8.0, tools_row("checked, charged, audited in a file", "us")),
    Row("session_python", "run_python('1 + 1') in a session that is there", None, session_row("Python")),
    Row("session_js", "run_js('1 + 1') in a session that is there", None, session_row("JavaScript")),
    Row("session_new_py", "run_python in a new session", None, session_row("Python, new")),
    Row("session_new_js", "run_js in a new session", None, session_row("JavaScript, new")),
    Row("tool_bash", "tool call in a loop of bash", 2.0, tools_row("bash, tool call", "ms")),
    Row("tool_c", "calls of a C program", 50.0, tools_row("C, one after the other", "us")),
    Row(
        "tool_parallel",
        "64 calls at a time of a tool of 10 ms",
        15.0,
        tools_row("C, 64 calls of 10 ms at a time", "ms"),
    ),
    Row("python_tool_call", "1,000 calls of a Python program, one of them", 60.0, tools_row("Python, one after the other", "us")),
    Row("js_tool_call", "1,000 calls of a JavaScript program, one of them", 60.0, tools_row("JavaScript, one after the other", "us")),
    Row(
        "policy_1000",
        "a policy of 1,000 grants read and described",
        50.0,
        cap_row("read and describe a policy of 1000 grants", "ms"),
    ),
    Row("http", "HTTP server: requests of 4 users in 1 s", None, http_row),
    Row("http_beside", "the same beside a hostile user", None, http_row),
    Row("sched_switch", "from one task to another on a worker", 5.0, sched_row("switch", "us")),
    Row("sched_crowd", "the same beside 10,000 that sleep", 5.0, sched_row("switch beside 10000 idle", "us")),
    Row("sched_idle1k", "a tick of 1 ms while 1,000 tasks sleep", 1.0, sched_row("tick with 1000 idle", "us")),
    Row("sched_idle", "a tick of 1 ms while 10,000 tasks sleep", 1.0, sched_row("tick with 10000 idle", "us")),
    Row("sched_wake50", "a wake-up among 100 busy tasks, p50", None, sched_row("wake among 100 busy, p50", "ms", "wall")),
    Row("sched_wake99", "the same wake-up, p99", 10.0, sched_row("wake among 100 busy, p99", "ms", "wall")),
    Row("live_1", "a sandbox, echo hello, beside 1 that waits", None, density_row("hello beside 1", "ms")),
    Row("live_100", "the same beside 100, and the ratio to that", 1.2, live_row(100)),
    Row("live_1000", "the same beside 1,000, and the ratio", 1.2, live_row(1000)),
    Row("live_memory", "a sandbox with a bash that waits, of 1,000", 1.0, density_row("memory of one", "MB", "Pss")),
    Row("live_all", "the process with all 1,000", 1200.0, density_row("memory of all", "MB", "Pss")),
    Row("live_idle", "CPU time in 1 ms while 1,000 wait", 1.0, density_row("idle", "us", "cpu")),
    Row("tick_idle", "CPU time in 1 s while 1,000 sandboxes wait", None, accounting_row("idle", "idle, process", "us", "cpu")),
    Row("tick_busy", "the ticker's share of a CPU, 100 loops", None, accounting_row("busy", "busy, ticker", "%", "cpu")),
    Row("tick_loop", "the ticker's part of a bash loop alone", None, accounting_row("cost", "loop, ticker", "%", "cpu")),
    Row("accounting", "accounting's part of a bash loop", 2.0, accounting_row("cost", "loop, accounting", "%", "wall")),
    Row("account_fork", "the same of 1,000 x x=$(:)", None, accounting_row("cost", "forks, accounting", "%", "wall")),
    Row("fair_shares", "weights 1:2:4 of bash loops, worst share", 3.0, fairness_row("shares", "shares 1:2:4, worst", "%", "off")),
    Row("fair_quota", "cpu.max 0.25 of a bash loop, off", 1.0, fairness_row("quota", "cpu.max 0.25, off", "%", "off")),
    Row("affinity", "cpuset 0, cpuset 1: time on other cores", 0.0, affinity_row),
    Row("fair_shell50", "a shell's answer among 100 loops, p50", None, fairness_row("shell", "shell among 100, p50", "ms")),
    Row("fair_shell99", "the same, p99", 10.0, fairness_row("shell", "shell among 100, p99", "ms")),
    Row("late_cpu50", "end of a loop after cpu.time, the median", None, fairness_row("late", "late after cpu.time, p50", "ms")),
    Row("late_cpu99", "end of a loop after cpu.time, p99", 10.0, fairness_row("late", "late after cpu.time, p99", "ms")),
    Row("late_cpumax", "the same, the worst", None, fairness_row("late", "late after cpu.time, max", "ms")),
    Row("late_wall50", "end of a loop after wall.time, the median", None, fairness_row("late", "late after wall.time, p50", "ms")),
    Row("late_wall99", "end of a loop after wall.time, p99", 10.0, fairness_row("late", "late after wall.time, p99", "ms")),
    Row("late_wallmax", "the same, the worst", None, fairness_row("late", "late after wall.time, max", "ms")),
    Row("kill_1000", "kill of 1,000 forked shells, all ended", 10.0, fairness_row("kill", "kill of 1000 forked", "ms")),
    Row("kill_memory", "the same, until the host has the memory", None, fairness_row("kill", "memory of 1000 forked", "ms")),
    Row("kill_exec", "kill of 1,000 programs, all ended", 10.0, fairness_row("kill", "kill of 1000 programs", "ms")),
    Row("kill_execmem", "the same, until the host has the memory", None, fairness_row("kill", "memory of 1000 programs", "ms")),
    Row("parked_bash", "a bash that waits, one of 40 in a sandbox", 0.5, parked_row(PARKED_BASH)),
    Row("parked_python", "a python3 that waits, one of 40 in a sandbox", 4.0, parked_row(PARKED_PYTHON)),
    Row("py_import", "import cloche | import subprocess", 60.0, package_row("import", "ms", 20)),
    Row("py_start", "Python: Sandbox(), echo, close() | subprocess", 1.5, package_row("start", "ms", 200)),
    Row("py_run", "Python: run('echo hello') | subprocess", 0.5, package_row("run", "ms", 200)),
    Row("py_tool", "Python inside calls Python outside | a pipe", 30.0, package_row("tool", "us", 15)),
    Row("py_files", "Python: 100 MB into a sandbox and out | /dev/shm", 200 / 0.3, package_row("files", "ms", 20)),
    Row("py_threads", "two sandboxes: 2 threads | 1", 1 / 1.8, package_row("threads", "ms", 10, ratio=True)),
    Row("compile_bash", "first compile of bash", 3.0, compile_row),
    Row("size_command", "the command, stripped", 15.0, size_row("command")),
    Row("size_pack", "the pack, compressed", 8.0, size_row("pack")),
]


def number(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def pair(median, least):
    return "-" if median is None else f"{number(median)} ({number(least)})"


def print_header():
    print(
        f"{'row':17}{'what':50}{'unit':5}{'native med (min)':>18}{'inside med (min)':>18}"
        f"{'ratio (min)':>14}{'wall':>6}{'target':>8}  verdict"
    )


def print_result(result):
    ratio = pair(result.ratio, result.ratio_min)
    target = "-" if result.target is None else number(result.target)
    print(
        f"{result.row:17}{result.title[:49]:50}{result.unit:5}"
        f"{pair(result.native_median, result.native_min):>18}"
        f"{pair(result.inside_median, result.inside_min):>18}"
        f"{ratio:>14}{number(result.ratio_wall):>6}{target:>8}  {result.verdict()}"
        + (f"  [{result.note}]" if result.note else "")
    )
    sys.stdout.flush()


def load_warning():
    load = os.getloadavg()[0]
    cores = os.cpu_count() or 1
    if load > BUSY_LOAD * cores:
        print(
            f"bench: warning: this machine is busy (load {load:.1f} on {cores} cores): "
            "compare ratios, not times, and repeat",
            file=sys.stderr,
        )
    return load


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", help="rows by name; all of them if none is named")
    parser.add_argument("--list", action="store_true", help="name the rows")
    parser.add_argument("--json", metavar="FILE", help="write the results to FILE, - for stdout")
    parser.add_argument("--quick", action="store_true", help="few repeats, 5 MB instead of 50")
    parser.add_argument("--cloche", default=os.environ.get("CLOCHE", str(REPOSITORY / "build/cloche")))
    parser.add_argument(
        "--cache",
        default=os.environ.get("CLOCHE_BENCH_CACHE", str(REPOSITORY / "build/bench-cache")),
        help="data and compiled code are kept here",
    )
    options = parser.parse_args()
    names = [row.name for row in ROWS]
    for row in options.rows:
        if row not in names:
            parser.error(f"no row '{row}'; there are {' '.join(names)}")
    return options


def main():
    options = parse_arguments()
    if options.list:
        for row in ROWS:
            print(f"{row.name:14}{row.title}")
        return 0
    if not os.access(options.cloche, os.X_OK):
        print(f"bench: {options.cloche} is not there: run scripts/build", file=sys.stderr)
        return 125
    rows = [row for row in ROWS if not options.rows or row.name in options.rows]
    results, failed = [], 0
    load = load_warning()
    with tempfile.TemporaryDirectory(prefix="cloche-bench.") as scratch:
        bench = Bench(options, pathlib.Path(scratch))
        print_header()
        for row in rows:
            try:
                result = row.run(bench, row)
            except NotAvailable as missing:
                print(f"{row.name:13}not available: {missing}")
                continue
            except (RowError, OSError) as error:
                failed += 1
                print(f"{row.name:13}FAILED: {error}")
                continue
            results.append(result)
            print_result(result)
    missed = [r for r in results if r.verdict().startswith("MISS")]
    print(f"{len(results)} rows, {len(results) - len(missed)} within target, {len(missed)} missed, {failed} failed")
    load_warning()
    if options.json:
        document = {
            "load": load,
            "cores": os.cpu_count(),
            "rows": [{**dataclasses.asdict(r), "verdict": r.verdict()} for r in results],
        }
        text = json.dumps(document, indent=1) + "\n"
        if options.json == "-":
            print(text, end="")
        else:
            pathlib.Path(options.json).write_text(text, encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
