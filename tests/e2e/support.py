"""What the tests of the command share: where it is, how to run it, small modules.

CLOCHE names the command (default: build/cloche of this repository), CLOCHE_PACK the guest pack. The
tests use the user's own cache of compiled code unless they say otherwise, so that programs are
compiled once.
"""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CLOCHE = os.environ.get("CLOCHE", str(ROOT / "build" / "cloche"))
PACK = os.environ.get("CLOCHE_PACK", str(pathlib.Path(CLOCHE).parent / "cloche.pack"))

TIMEOUT, OWN_ERROR, NOT_RUNNABLE, NOT_FOUND, LIMIT = 124, 125, 126, 127, 137


class Done:
    """How one invocation of the command ended; code is negative when a signal killed the command."""

    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout.decode(errors="surrogateescape")
        self.err = process.stderr.decode(errors="surrogateescape")

    def __repr__(self):
        return f"exit code {self.code}\nstdout: {self.out[:2000]!r}\nstderr: {self.err[:2000]!r}"


def command(*arguments, stdin=b"", env=None, timeout=60, **options):
    """Runs `cloche ARGUMENTS...`; `env` is added to the environment (None values are taken out)."""
    full = dict(os.environ, CLOCHE_PACK=PACK)
    for name, value in (env or {}).items():
        if value is None:
            full.pop(name, None)
        else:
            full[name] = str(value)
    return Done(subprocess.run([CLOCHE, *map(os.fspath, arguments)], input=stdin, env=full, timeout=timeout,
                               capture_output=True, check=False, **options))


def run(*arguments, **options):
    return command("run", *arguments, **options)


def script(text, *options, **rest):
    """Runs a bash script inside."""
    return run(*options, "-c", text, **rest)


def result(*arguments, **options):
    """The result object of `cloche run --json ARGUMENTS...`."""
    done = run("--json", *arguments, **options)
    return json.loads(done.out)


@functools.cache
def warm():
    """Compiles all programs, once. A run that compiles says so on stderr and takes its time: on a busy
    machine that is neither what the tests compare nor within their patience."""
    done = command("warm", "--quiet", timeout=600)
    assert done.code == 0, done


class TestCase(unittest.TestCase):
    """A temporary folder, and assertions about a Done."""

    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        warm()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cloche-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def assert_ok(self, done, out=None):
        self.assertEqual(done.code, 0, done)
        if out is not None:
            self.assertEqual(done.out, out, done)

    def assert_refused(self, done, code, *words):
        """Exit code `code`, nothing on stdout, one line `cloche: ...` that holds all `words`."""
        self.assertEqual(done.code, code, done)
        self.assertEqual(done.out, "", done)
        lines = done.err.splitlines()
        self.assertEqual(len(lines), 1, done)
        self.assertTrue(lines[0].startswith("cloche: "), done)
        for word in words:
            self.assertIn(word, lines[0], done)


# --- WebAssembly modules, made by hand

def leb(number):
    out = bytearray()
    while True:
        byte = number & 0x7F
        number >>= 7
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def section(kind, *entries):
    body = leb(len(entries)) + b"".join(entries)
    return bytes([kind]) + leb(len(body)) + body


def name(text):
    return leb(len(text)) + text.encode()


I32, MUTABLE = b"\x7f", b"\x01"


def module(imports=(("linux", "exit_group", 1),), body=None, pages=1, more=()):
    """A module of Cloche's ABI. `imports`: (module, name, number of i32 parameters), each giving an
    i32. `body`: the code of _start (default: exit_group(7), then yield for ever). `more`: functions that
    nobody calls."""
    types = [b"\x60\x00\x00", b"\x60\x00\x00"]
    for _, _, parameters in imports:
        types.append(b"\x60" + leb(parameters) + I32 * parameters + b"\x01" + I32)
    count = len(imports)
    if body is None:  # exit_group(7); loop { yield() }
        body = b"\x41\x07\x10\x00\x1a\x03\x40\x10" + leb(count + 1) + b"\x0c\x00\x0b"
    functions = [b"\x00" + body + b"\x0b", b"\x00\x0b", *more]
    return b"".join([
        b"\0asm\x01\0\0\0",
        section(1, *types),
        section(2, *(name(m) + name(n) + b"\x00" + leb(i + 2) for i, (m, n, _) in enumerate(imports))),
        section(3, b"\x00", b"\x01", *[b"\x00"] * len(more)),
        section(5, b"\x00" + leb(pages)),
        section(6, *[I32 + MUTABLE + b"\x41" + leb(0) + b"\x0b"] * 2),
        section(7, name("memory") + b"\x02\x00", name("_start") + b"\x00" + leb(count),
                name("__stack_pointer") + b"\x03\x00", name("__cloche_tp") + b"\x03\x01"),
        section(10, *(leb(len(f)) + f for f in functions)),
    ])


def slow_module(functions):
    """A module that takes the compiler some 20 ms for each function, and then ends with 7."""
    locals_of = b"\x01\x08" + I32
    step = b"".join(b"\x20" + bytes([i]) + b"\x04\x40"  # if
                    b"\x20" + bytes([i]) + b"\x20" + bytes([(i * 3 + 1) % 8]) + op + b"\x21" + bytes([(i * 5 + 2) % 8]) + b"\x0b"
                    for i, op in enumerate((b"\x6a", b"\x6c", b"\x73", b"\x6b", b"\x71", b"\x72", b"\x74", b"\x77")))
    keep = b"".join(b"\x41\x00\x20" + bytes([i]) + b"\x36\x02" + leb(4 * i) for i in range(8))
    # Each is another one, so that none is compiled for two.
    return module(more=[locals_of + b"\x41" + leb(i % 64) + b"\x21\x00" + (step * 10 + keep) * 20 + b"\x0b" for i in range(functions)])
