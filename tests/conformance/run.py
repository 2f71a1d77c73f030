#!/usr/bin/env python3
"""Runs the conformance cases: natively first, inside Cloche second, and compares the two.

A case is one file under shell/ or c/. Both sides start it in an empty scratch folder at the same
absolute path with the same environment; stdout, stderr, exit status and the files left behind must
be equal byte for byte. There are no golden files: the host is the oracle. See README.md for the
header lines a case may have.

Exit status: 0 all agree, 1 something failed, 2 wrong usage, 125 Cloche or a compiler is missing.
"""

import argparse
import concurrent.futures
import dataclasses
import difflib
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
USER_ID = 1000  # the guest's uid; root drops to it, so that permissions mean the same on both sides
DEFAULT_TIMEOUT = 30.0
MAX_SHOWN_LINES = 40

DIRECTIVE = re.compile(r"^(?:#|//)@ ([a-z-]+): ?(.*)$")
DIRECTIVES = {
    "shell",
    "stdin",
    "env",
    "args",
    "timeout",
    "needs",
    "files",
    "normalise",
    "expect-differ",
    "silent",
    "link",
}


class UsageError(Exception):
    """The case file or the command line is wrong."""


@dataclasses.dataclass
class Case:
    """What one case file says."""

    path: pathlib.Path
    name: str
    language: str  # "shell", "c" or "c++"
    shell: str = "bash"
    stdin: bytes | None = None
    env: dict = dataclasses.field(default_factory=dict)
    args: list = dataclasses.field(default_factory=list)
    timeout: float = DEFAULT_TIMEOUT
    needs: list = dataclasses.field(default_factory=list)
    files: str | None = None  # only in this mode
    normalise: list = dataclasses.field(default_factory=list)
    expect_differ: str | None = None
    silent: str | None = None
    link: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Outcome:
    """What one side did."""

    stdout: bytes
    stderr: bytes
    status: int
    files: dict
    seconds: float
    timed_out: bool = False


@dataclasses.dataclass
class Verdict:
    case: Case
    state: str  # "agree", "differ" (recorded), "skip", "fail"
    reason: str = ""
    native_seconds: float = 0.0
    inside_seconds: float = 0.0


def unescape(text):
    """Turns \\n, \\t, \\\\ and \\xHH of a header line into bytes."""
    return text.encode("utf-8").decode("unicode_escape").encode("latin-1")


def read_case(path, root):
    """Reads the header lines of a case. Raises UsageError for one that is not known."""
    language = {".sh": "shell", ".c": "c", ".cc": "c++"}[path.suffix]
    case = Case(path=path, name=str(path.relative_to(root)), language=language)
    for line in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        if not line.startswith(("#", "//")):
            break
        match = DIRECTIVE.match(line)
        if not match:
            continue
        key, value = match.group(1), match.group(2)
        if key not in DIRECTIVES:
            raise UsageError(f"{case.name}: unknown header line '{key}:'")
        if key == "shell":
            case.shell = value
        elif key == "stdin":
            case.stdin = unescape(value)
        elif key == "env":
            name, _, content = value.partition("=")
            case.env[name] = content
        elif key == "args":
            case.args = value.split()
        elif key == "timeout":
            case.timeout = float(value)
        elif key == "needs":
            case.needs += value.split()
        elif key == "files":
            case.files = value
        elif key == "normalise":
            pattern, arrow, replacement = value.partition(" => ")
            if not arrow:
                raise UsageError(f"{case.name}: normalise needs 'PATTERN => REPLACEMENT'")
            case.normalise.append((re.compile(pattern.encode()), replacement.encode()))
        elif key == "expect-differ":
            case.expect_differ = value
        elif key == "silent":
            case.silent = value
        elif key == "link":
            case.link = value.split()
    return case


def find_cases(root, patterns):
    cases = []
    for folder, suffixes in (("shell", (".sh",)), ("c", (".c", ".cc"))):
        for path in sorted((root / folder).iterdir() if (root / folder).is_dir() else []):
            if path.suffix in suffixes:
                cases.append(read_case(path, root))
    if patterns:
        cases = [c for c in cases if any(fnmatch.fnmatch(c.name, f"*{p}*") for p in patterns)]
    return cases


class Compiler:
    """Compiles C cases, each source once: results are kept under a name made from everything that
    goes into them."""

    def __init__(self, command, flags, cache):
        self.command = command
        self.flags = flags
        self.cache = cache

    def build(self, case):
        """The program of a case. Raises UsageError with the compiler's words."""
        digest = hashlib.sha256()
        for part in [*self.command, *self.flags, *case.link]:
            digest.update(part.encode() + b"\0")
        digest.update(self._identity())
        for path in [case.path, *sorted(case.path.parent.glob("*.h"))]:
            digest.update(path.read_bytes())
        target = self.cache / f"{case.path.stem}-{digest.hexdigest()[:24]}"
        if target.exists():
            return target
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        done = subprocess.run(
            [*self.command, *self.flags, "-o", part, case.path, *case.link, "-lm"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            part.unlink(missing_ok=True)
            raise UsageError(
                f"{self.command[0]} cannot compile it:\n"
                + (done.stdout + done.stderr).decode("utf-8", "replace")
            )
        part.chmod(0o755)
        part.rename(target)
        return target

    def probe(self, language):
        """What the compiler says to a trivial program when it refuses it; empty if it takes it."""
        program = {
            "c": b"int main(void) { return 0; }",
            "c++": b"int main() { try { throw 1; } catch (int) {} }",
        }
        done = subprocess.run(
            [*self.command, *self.flags, "-x", language, "-", "-o", "/dev/null"],
            input=program[language],
            capture_output=True,
            check=False,
        )
        return done.stderr.decode("utf-8", "replace") if done.returncode else ""

    def _identity(self):
        """Bytes that change when the compiler (or the sysroot it uses) does."""
        done = subprocess.run(
            [*self.command, "-print-file-name=libc.a"], capture_output=True, check=False
        )
        library = pathlib.Path(done.stdout.decode().strip() or "/nonexistent")
        try:
            status = library.stat()
            return f"{library} {status.st_size} {status.st_mtime_ns}".encode()
        except OSError:
            return done.stdout


def list_files(root):
    """The files below a folder as {name: description}, all that must agree."""
    found = {}
    for folder, subfolders, names in os.walk(os.fsencode(root)):
        for name in subfolders + names:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            found[os.path.relpath(path, os.fsencode(root))] = describe(path, status)
    return found


def describe(path, status):
    mode = status.st_mode
    words = [stat.filemode(mode)]
    if stat.S_ISLNK(mode):
        return f"{words[0][0]} -> {os.readlink(path)!r}"
    if stat.S_ISREG(mode):
        words.append(f"links={status.st_nlink} size={status.st_size}")
        words.append("sha256=" + content_digest(path))
        if status.st_mtime < time.time() - 86400:  # a time that the case has set itself
            words.append(f"mtime={status.st_mtime_ns}")
    return " ".join(words)


def content_digest(path):
    try:
        os.chmod(path, 0o600) if not os.access(path, os.R_OK) else None
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    except OSError as error:
        return f"unreadable({error.errno})"


def kill_leftovers(scratch):
    """Ends every process that a case left behind: all that have its scratch folder in their
    environment, as their program or as their working folder, whatever session they went to."""
    mark = os.fsencode(scratch.name)
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            if belongs_to(f"/proc/{entry}", mark):
                os.kill(int(entry), signal.SIGKILL)
        except OSError:
            continue


def belongs_to(process, mark):
    if mark in os.readlink(f"{process}/cwd").encode() or mark in os.readlink(
        f"{process}/exe"
    ).encode():
        return True
    with open(f"{process}/environ", "rb") as stream:
        return mark in stream.read()


def find_sysroot(variable, script):
    """A sysroot of the guest: $VARIABLE, or what the script says, which builds only what is new."""
    if os.environ.get(variable):
        return os.environ[variable]
    done = subprocess.run(
        [REPOSITORY / "scripts" / script], stdout=subprocess.PIPE, check=False, text=True
    )
    if done.returncode != 0:
        raise UsageError(f"scripts/{script} failed")
    return done.stdout.splitlines()[-1]


class Runner:
    """Runs cases on both sides."""

    def __init__(self, options, work):
        self.options = options
        self.work = work
        self.drop = {"user": USER_ID, "group": USER_ID, "extra_groups": []}
        if os.geteuid() != 0:
            self.drop = {}
        cache = pathlib.Path(options.cache).resolve()
        cache.mkdir(parents=True, exist_ok=True)
        if self.drop and not self._may(["-x", cache]):
            # Below a folder of root's own, such as /root: what cases start must be elsewhere.
            cache = work / "cache"
            cache.mkdir(mode=0o755)
        flags = ["-w", f"-I{HERE / 'c'}"]
        self.native_c = Compiler(["gcc"], ["-O1", "-pthread", "-std=gnu17", "-D_GNU_SOURCE", *flags], cache)
        self.native_cc = Compiler(["g++"], ["-O1", "-pthread", "-std=gnu++20", *flags], cache)
        # The wrappers find their sysroot beside themselves: one for C, another one for C++.
        os.environ.pop("CLOCHE_SYSROOT", None)
        guest_c = (options.cc or f"{options.sysroot}/bin/cloche-cc").split()
        guest_cc = (options.cxx or f"{options.cxx_sysroot}/bin/cloche-c++").split()
        self.guest_c = Compiler(guest_c, ["-O1", "-pthread", "-std=gnu17", "-D_GNU_SOURCE", *flags], cache)
        self.guest_cc = Compiler(
            guest_cc, ["-O1", "-fexceptions", "-std=gnu++20", *flags], cache
        )
        self.cloche = options.cloche
        if not options.native_only:
            self.cloche = self._reachable(pathlib.Path(options.cloche).resolve(), cache / "bin")
        self.code_cache = cache / "code"
        self.code_cache.mkdir(mode=0o700, exist_ok=True)
        if self.drop:
            os.chown(self.code_cache, USER_ID, USER_ID)

    def _may(self, test):
        """What test(1) says to the user whom cases run as."""
        return subprocess.run(["test", *test], check=False, cwd="/", **self.drop).returncode == 0

    def _reachable(self, command, place):
        """A path of the command that the user whom cases run as can start: root's own folders are
        closed to others, so it is copied out of them, with its packs beside it."""
        if self._may(["-x", command]):
            return str(command)
        place.mkdir(mode=0o755, exist_ok=True)
        for file in (command, *command.parent.glob("cloche*.pack")):
            shutil.copy2(file, place / file.name)
        return str(place / command.name)

    def run(self, case):
        """Both sides of one case and what to say about them."""
        missing = [tool for tool in case.needs if not self._available(tool)]
        if missing:
            return Verdict(case, "skip", f"this host has no {' '.join(missing)}")
        if case.files and case.files != self.options.files:
            return Verdict(case, "skip", f"only for --files {case.files}")
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="case.", dir=self.work))
        scratch.chmod(0o755)
        try:
            native = self._run_side(case, scratch, inside=False)
            inside = self._run_side(case, scratch, inside=not self.options.native_only)
        except UsageError as error:
            return Verdict(case, "fail", str(error))
        finally:
            if not self.options.keep:
                shutil.rmtree(scratch, ignore_errors=True)
        if self.options.native_only:
            case = dataclasses.replace(case, expect_differ=None)
        return judge(case, native, inside)

    @staticmethod
    def _available(tool):
        return shutil.which(tool) is not None

    def guest_compiler(self, language):
        return self.guest_c if language == "c" else self.guest_cc

    def _program(self, case, scratch, inside):
        """Puts the case at its path and says how to start it."""
        folder = scratch / "case"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if case.language == "shell":
            target = folder / case.path.name
            place_program(case.path, target)
            return [case.shell, str(target), *case.args]
        native = self.native_c if case.language == "c" else self.native_cc
        compiler = self.guest_compiler(case.language) if inside else native
        target = folder / case.path.stem
        place_program(compiler.build(case), target)
        return [str(target), *case.args]

    def _run_side(self, case, scratch, inside):
        in_memory = self.options.files == "memfs"
        # In memory the folder must lie where the sandbox's user may make it: beside mounts it can't.
        files = pathlib.Path(f"/tmp/{scratch.name}.w") if in_memory else scratch / "w"
        out = scratch / "out"
        for folder in (files, out):
            remove_tree(folder)
            folder.mkdir(mode=0o755)
            if self.drop:
                os.chown(folder, USER_ID, USER_ID)
        command = self._program(case, scratch, inside)
        env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(files),
            "TMPDIR": str(files) if in_memory else "/tmp",  # tools make FIFOs in it
            "USER": "user",
            "LANG": "C",
            "LC_ALL": "C",
            "TERM": "dumb",
            "TZ": "UTC0",
            **case.env,
        }
        if in_memory:
            command = ["/bin/sh", str(scratch / "case" / "drive"), str(files), str(out), *command]
            shutil.copyfile(HERE / "drive.sh", scratch / "case" / "drive")
        if inside:
            command = self._cloche(case, scratch, env, command)
            env = {
                "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                "HOME": str(files),
                "CLOCHE_CACHE_DIR": str(self.code_cache),
                **{k: v for k, v in os.environ.items() if k.startswith("CLOCHE_PACK")},
            }
        outcome = self._execute(case, command, env, files, scratch)
        outcome.files = self._collect(files, out, in_memory)
        remove_tree(files)
        return outcome

    def _cloche(self, case, scratch, env, command):
        """The command line that runs `command` inside."""
        line = [self.cloche, "run", "--quiet", "--timeout", f"{case.timeout:g}s"]
        line += ["--cpu-time", f"{case.timeout:g}s", "-i"]
        for name, value in env.items():
            line += ["-e", f"{name}={value}"]
        line += ["-v", f"{scratch / 'case'}:{scratch / 'case'}:ro"]
        if self.options.files == "memfs":
            line += ["-v", f"{scratch / 'out'}:{scratch / 'out'}:rw", "-w", "/"]
        else:
            line += ["-v", f"{scratch / 'w'}:{scratch / 'w'}:rw", "-w", str(scratch / "w")]
        return [*line, "--", *command]

    def _execute(self, case, command, env, cwd, scratch):
        start = time.monotonic()
        stdout, stdout_end = self._pipe()
        stderr, stderr_end = self._pipe()
        process = subprocess.Popen(
            command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL if case.stdin is None else subprocess.PIPE,
            stdout=stdout_end,
            stderr=stderr_end,
            start_new_session=True,
            umask=0o022,
            **self.drop,
        )
        os.close(stdout_end)
        os.close(stderr_end)
        process.stdout, process.stderr = stdout, stderr
        timed_out = False
        try:
            stdout, stderr = process.communicate(case.stdin, timeout=case.timeout + 5)
        except subprocess.TimeoutExpired:
            timed_out = True
            kill_leftovers(scratch)
            stdout, stderr = process.communicate()
        kill_leftovers(scratch)
        status = process.returncode
        if status < 0:
            status = 128 - status
        for pattern, replacement in case.normalise:
            stdout = pattern.sub(replacement, stdout)
            stderr = pattern.sub(replacement, stderr)
        return Outcome(stdout, stderr, status, {}, time.monotonic() - start, timed_out)

    def _pipe(self):
        """A pipe that belongs to the user whom cases run as: they may open /dev/stdout again."""
        read_end, write_end = os.pipe()
        if self.drop:
            os.fchown(write_end, USER_ID, USER_ID)
        return os.fdopen(read_end, "rb"), write_end

    @staticmethod
    def _collect(files, out, in_memory):
        """The files a side left, in memfs mode out of the archive that the driver wrote."""
        if not in_memory:
            return list_files(files)
        archive = out / "files.tar"
        if not archive.exists():
            return {b"": "no archive was written"}
        unpacked = out / "files"
        unpacked.mkdir()
        subprocess.run(
            ["tar", "-xpf", archive, "-C", unpacked, "--no-same-owner"],
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return list_files(unpacked)


def place_program(source, target):
    """Copies a file that is to be executed. Another process does it: a descriptor open for writing
    in this one could be inherited by a command that another thread starts, and make the exec fail
    with ETXTBSY."""
    subprocess.run(["install", "-m", "755", source, target], check=True)


def remove_tree(path):
    """Removes a folder also where the case took permissions away."""
    if path.exists():
        subprocess.run(["chmod", "-R", "u+rwx", path], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(path, ignore_errors=True)


def judge(case, native, inside):
    """Compares the two sides. Pure: reads nothing but its arguments."""
    times = {"native_seconds": native.seconds, "inside_seconds": inside.seconds}
    if native.timed_out:
        return Verdict(case, "fail", "the native side did not end in time", **times)
    if not native.stdout and case.silent is None:
        return Verdict(case, "fail", "the native side printed nothing: it tests nothing", **times)
    difference = compare(native, inside)
    if case.expect_differ is not None:
        if not difference:
            reason = f"agrees now: remove 'expect-differ: {case.expect_differ}'"
            return Verdict(case, "fail", reason, **times)
        return Verdict(case, "differ", case.expect_differ, **times)
    if difference:
        return Verdict(case, "fail", difference, **times)
    return Verdict(case, "agree", **times)


def compare(native, inside):
    """What differs, for a person; empty when nothing does."""
    parts = []
    if inside.timed_out:
        parts.append("inside: did not end in time")
    if native.status != inside.status:
        parts.append(f"status: native {native.status}, inside {inside.status}")
    for name in ("stdout", "stderr"):
        a, b = getattr(native, name), getattr(inside, name)
        if a != b:
            parts.append(text_difference(name, a, b))
    if native.files != inside.files:
        parts.append(text_difference("files", files_text(native.files), files_text(inside.files)))
    return "\n".join(parts)


def files_text(files):
    return b"".join(
        name + b": " + text.encode("utf-8", "surrogateescape") + b"\n"
        for name, text in sorted(files.items())
    )


def text_difference(name, native, inside):
    def lines(data):
        return data.decode("utf-8", "backslashreplace").splitlines()

    found = list(
        difflib.unified_diff(
            lines(native), lines(inside), f"{name} native", f"{name} inside", lineterm="", n=2
        )
    )
    if not found:
        return f"{name}: differ in line ends only ({len(native)} and {len(inside)} bytes)"
    if len(found) > MAX_SHOWN_LINES:
        found = [*found[:MAX_SHOWN_LINES], f"... {len(found) - MAX_SHOWN_LINES} more lines"]
    return "\n".join(line[:300] for line in found)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("patterns", nargs="*", help="only cases whose name contains one of these")
    parser.add_argument(
        "--cloche", default=os.environ.get("CLOCHE", str(REPOSITORY / "build" / "cloche"))
    )
    parser.add_argument("--cc", help="the guest's C compiler (the sysroot's own)")
    parser.add_argument("--cxx", help="the guest's C++ compiler (the sysroot's own)")
    parser.add_argument("--files", choices=("memfs", "hostfs"), default="hostfs")
    parser.add_argument("--root", default=str(HERE), help="the folder with shell/ and c/")
    parser.add_argument(
        "--cache",
        default=os.environ.get("CLOCHE_TEST_CACHE", f"/var/tmp/cloche-conformance-{os.getuid()}"),
        help="compiled cases are kept here",
    )
    parser.add_argument(
        "--native-only", action="store_true", help="both sides native: is each case deterministic?"
    )
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="leave the scratch folders")
    parser.add_argument("--json", help="write the verdicts to this file")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.set_defaults(sysroot="/nonexistent", cxx_sysroot="/nonexistent")
    return parser.parse_args()


def print_verdict(verdict, verbose):
    if verdict.state == "fail":
        print(f"FAIL {verdict.case.name}")
        for line in verdict.reason.splitlines():
            print(f"     {line}")
    elif verdict.state in ("skip", "differ") or verbose:
        times = f"{verdict.native_seconds:.2f}s {verdict.inside_seconds:.2f}s"
        print(f"{verdict.state:5}{verdict.case.name} ({verdict.reason or times})")
    sys.stdout.flush()


def write_json(path, verdicts):
    rows = [
        {
            "case": v.case.name,
            "state": v.state,
            "reason": v.reason,
            "native_seconds": round(v.native_seconds, 4),
            "inside_seconds": round(v.inside_seconds, 4),
        }
        for v in verdicts
    ]
    pathlib.Path(path).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def main():
    options = parse_arguments()
    try:
        cases = find_cases(pathlib.Path(options.root).resolve(), options.patterns)
    except UsageError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2
    if not cases:
        print("conformance: no case matches", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    if not options.native_only and not os.access(options.cloche, os.X_OK):
        print(f"conformance: {options.cloche} is not there: run scripts/build", file=sys.stderr)
        return 125
    os.umask(0o022)
    languages = set() if options.native_only else {case.language for case in cases} - {"shell"}
    try:
        if languages:
            options.sysroot = find_sysroot("CLOCHE_SYSROOT", "build-sysroot")
        if "c++" in languages:
            options.cxx_sysroot = find_sysroot("CLOCHE_CXX_SYSROOT", "build-cxx")
    except UsageError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 125
    with tempfile.TemporaryDirectory(prefix="cloche-cases.", dir="/tmp") as work:
        os.chmod(work, 0o755)
        runner = Runner(options, pathlib.Path(work))
        for language in sorted(languages):
            words = runner.guest_compiler(language).probe(language)
            if words:
                print(
                    f"conformance: the guest's {language} compiler does not work: {words}",
                    file=sys.stderr,
                )
                return 125
        verdicts = []
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for verdict in pool.map(runner.run, cases):
                verdicts.append(verdict)
                print_verdict(verdict, options.verbose)
    if options.json:
        write_json(options.json, verdicts)
    count = {state: 0 for state in ("agree", "differ", "skip", "fail")}
    for verdict in verdicts:
        count[verdict.state] += 1
    print(
        f"conformance ({options.files}): {len(verdicts)} cases, {count['agree']} agree, "
        f"{count['differ']} differ as recorded, {count['skip']} skipped, {count['fail']} FAILED"
    )
    return 1 if count["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
