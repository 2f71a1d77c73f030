"""What Python programs get wrong, inside and by a native python3 of the same version: the same outcome (docs/python.md).

The native side is what scripts/native-python made for the build of the guest; where there is none, only the
inside is looked at.
"""

import os
import pathlib
import signal
import subprocess
import unittest

from support import Done, TestCase, run

CACHE = pathlib.Path(os.environ.get("CLOCHE_BUILD_CACHE") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "cloche/build")
NATIVE = max(CACHE.glob("native-python/*/usr/bin/python3"), key=os.path.getmtime, default=None)
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}


class Outcomes(TestCase):
    """Each program is a file in a folder that has the same name on both sides."""

    def sides(self, *arguments, stdin=b""):
        """How it ends, on each side. A status is that of a shell: a signal is 128 more."""
        yield "inside", run("--quiet", "-v", f"{self.folder}:{self.folder}:rw", "-w", self.folder, "--",
                            "python3", *arguments, stdin=stdin, timeout=120)
        if NATIVE:
            done = Done(subprocess.run([NATIVE, *arguments], input=stdin, env=ENVIRONMENT, cwd=self.folder, timeout=120,
                                       capture_output=True, check=False))
            done.code = 128 - done.code if done.code < 0 else done.code
            yield "native", done

    def assert_both(self, program, out="", code=0, last=None, arguments=(), stdin=b""):
        """`last` is the last line on the standard error, or how it begins."""
        path = self.folder / "program.py"
        path.write_bytes(program if isinstance(program, bytes) else program.encode())
        for side, done in self.sides(path, *arguments, stdin=stdin):
            with self.subTest(side=side):
                self.assertEqual((done.out, done.code), (out, code), done)
                end = done.err.splitlines()[-1] if done.err else ""
                if last is None:
                    self.assertEqual(done.err, "", done)
                else:
                    self.assertEqual(end[:len(last)], last, done)


class Sources(Outcomes):
    def test_syntax(self):
        self.assert_both("if True print(1)\n", code=1, last="SyntaxError: invalid syntax")
        self.assert_both("def f():\nreturn 1\n", code=1, last="IndentationError: expected an indented block after function")
        self.assert_both("print((1, 2]\n", code=1, last="SyntaxError: closing parenthesis ']' does not match opening")

    def test_bytes_that_are_no_text(self):
        self.assert_both(b"print('\xff')\n", code=1, last="SyntaxError: Non-UTF-8 code starting with '\\xff' in file")
        self.assert_both(b"# comment \xc3\x28\n", code=1, last="SyntaxError: Non-UTF-8 code starting with '\\xc3' in file")
        self.assert_both(b"x = 1\0\n", code=1, last="SyntaxError: source code cannot contain null bytes")
        self.assert_both("# coding: nonsense\n", code=1, last="SyntaxError: encoding problem: nonsense")
        self.assert_both(b"# coding: latin-1\nprint(ascii('\xff'))\n", "'\\xff'\n")

    def test_deep_nesting(self):
        self.assert_both("(" * 1000 + ")" * 1000, code=1, last="SyntaxError: too many nested parentheses")
        self.assert_both("if 1:\n" + "".join(" " * n + "if 1:\n" for n in range(1, 101)), code=1,
                         last="IndentationError: too many levels of indentation")


class Texts(Outcomes):
    def test_arguments(self):
        self.assert_both("import os, sys; print(ascii(sys.argv[1]), os.fsencode(sys.argv[1]))",
                         "'\\udcff\\xe4' b'\\xff\\xc3\\xa4'\n", arguments=[b"\xff\xc3\xa4"])
        self.assert_both("import sys; print(sys.argv[1])", "\udcff\n", arguments=[b"\xff"])
        self.assert_both("import sys; print(sys.argv[1].encode())", code=1, arguments=[b"\xff"],
                         last="UnicodeEncodeError: 'utf-8' codec can't encode character '\\udcff' in position 0")

    def test_files(self):
        (self.folder / "bad").write_bytes(b"good\n\xff\xfe\n")
        self.assert_both("open('bad').read()", code=1, last="UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 5: invalid start byte")
        self.assert_both("""
with open("bad", errors="surrogateescape") as file: text = file.read()
with open("copy", "w", errors="surrogateescape") as file: file.write(text)
print(open("copy", "rb").read(), open("bad", errors="replace").read()[5] == "\\ufffd")
""", "b'good\\n\\xff\\xfe\\n' True\n")

    def test_standard_input(self):
        self.assert_both("print(input())", "\udcff\n", stdin=b"\xff\n")
        self.assert_both("import sys; sys.stdin.reconfigure(errors='strict'); input()", code=1, stdin=b"\xff\n",
                         last="UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0")
        self.assert_both("import sys; print(sys.stdin.buffer.read())", "b'\\xff\\n'\n", stdin=b"\xff\n")

    def test_names_of_files(self):
        self.assert_both("""
import os, pathlib
os.mkdir("names")
open(b"names/\\xff", "w").close()
print(os.listdir("names"), os.listdir(b"names"), os.path.exists("names/\\udcff"))
os.remove(next(pathlib.Path("names").iterdir()))
os.rmdir("names")
try: open("a\\0b")
except ValueError as error: print(error)
""", "['\\udcff'] [b'\\xff'] True\nembedded null byte\n")


class Recursion(Outcomes):
    def test_without_an_end(self):
        self.assert_both("def f(): f()\nf()", code=1, last="RecursionError: maximum recursion depth exceeded")
        self.assert_both("class C:\n  def __repr__(self): return repr(self)\nrepr(C())", code=1, last="RecursionError: maximum")
        self.assert_both("""
import sys
depth = 0
def f():
    global depth
    depth += 1
    f()
for limit in (100, 5000):
    sys.setrecursionlimit(limit)
    depth = 0
    try: f()
    except RecursionError: print(limit - depth < 10, end=" ")
print("goes on")
""", "True True goes on\n")

    def test_in_a_thread_and_a_generator(self):
        self.assert_both("""
import threading
def f(): f()
def thread():
    try: f()
    except RecursionError: print("thread")
t = threading.Thread(target=thread); t.start(); t.join()
def g(): yield from g()
try: list(g())
except RecursionError: print("generator")
""", "thread\ngenerator\n")


class Exits(Outcomes):
    def test_values(self):
        for value, code in (("", 0), ("None", 0), ("3", 3), ("256", 0), ("-1", 255), ("True", 1), ("2**70", 255)):
            self.assert_both(f"import sys; sys.exit({value})", code=code)
        self.assert_both("import sys; sys.exit('a text')", code=1, last="a text")
        self.assert_both("raise SystemExit((1, 2))", code=1, last="(1, 2)")

    def test_in_a_thread(self):
        self.assert_both("""
import sys, threading
t = threading.Thread(target=lambda: sys.exit(5)); t.start(); t.join()
print("goes on")
""", "goes on\n")

    def test_in_a_handler_of_a_signal(self):
        self.assert_both("""
import os, signal, sys
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(6))
os.kill(os.getpid(), signal.SIGUSR1)
while True: pass
""", code=6)

    def test_at_the_end(self):
        self.assert_both("import atexit, sys; atexit.register(lambda: print('last')); atexit.register(sys.exit, 7)", "last\n",
                         last="SystemExit: 7")
        self.assert_both("""
import sys
class C:
    def __del__(self): sys.exit(8)
c = C()
del c
print("goes on")
""", "goes on\n", last="SystemExit: 8")

    def test_in_between(self):
        self.assert_both("""
import sys
try: sys.exit(9)
finally: print("finally")
""", "finally\n", code=9)
        self.assert_both("""
import sys
def g():
    try: yield 1
    finally: sys.exit(4)
for _ in g(): break
print("goes on")
""", "goes on\n", last="SystemExit: 4")
        self.assert_both("import sys\nsys.excepthook = lambda *_: sys.exit(3)\n1 / 0", code=3)
        (self.folder / "exits.py").write_text("import sys; sys.exit(11)")
        self.assert_both("import exits", code=11)

    def test_without_cleaning_up(self):
        self.assert_both("""
import atexit, os, threading, time
atexit.register(print, "never")
threading.Thread(target=time.sleep, args=(100,)).start()
print("in a buffer", end="")
os._exit(12)
""", code=12)

    def test_by_a_signal(self):
        self.assert_both("import os, signal; os.kill(os.getpid(), signal.SIGTERM); input()", code=128 + signal.SIGTERM)
        self.assert_both("import os, signal; os.kill(os.getpid(), signal.SIGINT)", code=128 + signal.SIGINT,
                         last="KeyboardInterrupt")
        self.assert_both("import os; os.abort()", code=128 + signal.SIGABRT)

    def test_standard_output_is_closed(self):
        self.assert_both("import os; os.close(1); print('text')", code=120, last="OSError: [Errno 9] Bad file descriptor")


class Signals(Outcomes):
    """Handlers run in loops of all kinds: none of these makes a system call."""

    def test_reach_loops(self):
        for loop in ("while True: pass", "for _ in iter(int, 1): pass", "while True: [n for n in range(9)]",
                     "any(f() for _ in iter(int, 1))", "while True: f()",
                     "re.match('(a*)*b', 'a' * 64)", "all(map(lambda x: True, iter(int, 1)))",
                     "list(filter(lambda x: False, iter(int, 1)))", "fib(200)"):
            with self.subTest(loop=loop):
                self.assert_both(f"""
import re, signal
class Alarm(Exception): pass
def handler(*_): raise Alarm
def f(): return 0
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.1)
try:
    {loop}
except Alarm: print("alarm")
""", "alarm\n")


class Children(Outcomes):
    def test_killed(self):
        self.assert_both("""
import os, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
child.kill()
print(child.wait())
try: subprocess.run([sys.executable, "-c", "import os; os.kill(os.getpid(), 15)"], check=True)
except subprocess.CalledProcessError as error: print(error.returncode)
pid = os.fork()
if pid == 0:
    while True: pass
os.kill(pid, signal.SIGKILL)
print(os.WTERMSIG(os.waitpid(pid, 0)[1]))
""", "-9\n-15\n9\n")

    def test_killed_in_a_pool(self):
        self.assert_both("""
import concurrent.futures, multiprocessing, os
def die(): os._exit(3)
context = multiprocessing.get_context("fork")
with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
    try: pool.submit(die).result()
    except concurrent.futures.process.BrokenProcessPool: print("broken")
child = context.Process(target=os.abort)
child.start()
child.join()
print(child.exitcode)
""", "broken\n-6\n")

    def test_exit_in_a_child_of_a_fork(self):
        self.assert_both("""
import os, sys
pid = os.fork()
if pid == 0: sys.exit(21)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
pid = os.fork()
if pid == 0: 1 / 0
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
""", "21\n1\n", last="ZeroDivisionError: division by zero")


class Threads(Outcomes):
    def test_at_the_end(self):
        self.assert_both("""
import threading, time
def late():
    time.sleep(0.05)
    print("joined")
threading.Thread(target=late).start()
threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
def busy():
    while True: pass
threading.Thread(target=busy, daemon=True).start()
""", "joined\n")

    def test_started_at_the_end(self):
        self.assert_both("""
import atexit, threading
atexit.register(lambda: threading.Thread(target=print).start())
""", "\n")

    def test_an_error_in_one(self):
        self.assert_both("""
import threading
t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()
print("goes on")
""", "goes on\n", last="ZeroDivisionError: division by zero")

    def test_fork_beside_threads(self):
        self.assert_both("""
import os, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
stop, lock = threading.Event(), threading.Lock()
def work():
    while not stop.is_set():
        with lock: pass
workers = [threading.Thread(target=work) for _ in range(3)]
for worker in workers: worker.start()
codes = []
for _ in range(20):
    with lock: pid = os.fork()
    if pid == 0: os._exit(10 + threading.active_count() + lock.locked())
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
stop.set()
for worker in workers: worker.join()
print(set(codes))
""", "{11}\n")

    def test_fork_in_a_thread(self):
        self.assert_both("""
import os, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
def fork():
    pid = os.fork()
    if pid == 0:
        assert threading.current_thread() is threading.main_thread() and threading.active_count() == 1
        inner = threading.Thread(target=lambda: None)
        inner.start()
        inner.join()
        os._exit(23)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
t = threading.Thread(target=fork); t.start(); t.join()
""", "23\n")


class Folders(Outcomes):
    def test_the_current_one_is_deleted(self):
        self.assert_both("""
import os, subprocess, sys, tempfile
os.chdir(tempfile.mkdtemp())
os.rmdir(os.getcwd())
for call in (os.getcwd, lambda: open("file", "w"), lambda: os.mkdir("a")):
    try: call()
    except FileNotFoundError as error: print(error.strerror)
print(os.listdir("."), os.path.exists("."))
import json, colorsys
print(subprocess.run([sys.executable, "-c", "print('child')"], capture_output=True, text=True).stdout, end="")
print(subprocess.run([sys.executable, "-m", "no_such_module"], capture_output=True, text=True).returncode)
""", "No such file or directory\n" * 3 + "[] True\nchild\n1\n")


class Bytecode(Outcomes):
    """A module whose bytecode is damaged."""

    def attempt(self, damage, out="", code=0, last=None, flags=""):
        self.assert_both(f"""
import importlib.util, os, pathlib, py_compile, subprocess, sys
source = pathlib.Path("module.py")
source.write_text("print('module', 40 + 2)")
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
compiled = pathlib.Path(py_compile.compile(str(source), invalidation_mode=mode))
data = compiled.read_bytes()
compiled.write_bytes({damage})
{flags}
import module
""", out, code, last)

    def test_a_wrong_header_is_made_again(self):
        self.attempt("b'XXXX' + data[4:]", "module 42\n")
        self.attempt("data[:3]", "module 42\n")
        self.attempt("b''", "module 42\n")

    def test_wrong_code(self):
        self.attempt("data[:16] + b'\\xff' * 9", code=1, last="ValueError: bad marshal data (unknown type code)")
        self.attempt("data[:40]", code=1, last="EOFError: marshal data too short")
        self.attempt("data[:16] + b'N'", code=1, last="ImportError: Non-code object in ")

    def test_without_a_source(self):
        self.attempt("b'XXXX' + data[4:]", code=1, last="ImportError: bad magic number in 'module': b'XXXX'",
                     flags="source.unlink(); compiled.rename('module.pyc')")

    def test_any_byte_is_no_crash_of_the_sandbox(self):
        """What wrong bytecode does to an interpreter is not defined; to the sandbox it does nothing."""
        done = run("--quiet", "--timeout", "60s", "--", "bash", "-c", """
cd && echo 'def f(a): return [x + a for x in range(9) if x % 2]
print(sum(f(1)))' > module.py
cat > damage.py <<'E'
import py_compile, random, subprocess, sys
path = py_compile.compile("module.py", invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
data, codes = open(path, "rb").read(), set()
for turn in range(60):
    bad = bytearray(data)
    bad[random.Random(turn).randrange(16, len(data))] ^= 1 << turn % 8
    open(path, "wb").write(bad)
    codes.add(subprocess.run(["timeout", "5", sys.executable, "-c", "import module"], capture_output=True).returncode)
print(0 in codes, 1 in codes, codes <= {0, 1, 124, -4, -6, -8, -11})
E
python3 damage.py; echo still there""", timeout=120)
        self.assert_ok(done, "True True True\nstill there\n")


if __name__ == "__main__":
    unittest.main()
