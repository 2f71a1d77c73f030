"""CPython inside: what of its standard library works, and how it ends when it goes wrong (docs/python.md)."""

import signal
import time
import unittest
import zipfile

import support
from interrupts_test import Terminal
from support import TestCase, run


class Python(TestCase):
    def python(self, program, *arguments, options=(), **rest):
        return run("--quiet", *options, "--", "python3", "-c", program, *arguments, **rest)

    def assert_prints(self, program, expected, **rest):
        self.assert_ok(self.python(program, **rest), expected)


class Library(Python):
    def test_version_and_platform(self):
        self.assert_prints("import sys, os, struct; print(sys.version_info[:2], sys.platform, os.name,"
                           " struct.calcsize('P'), sys.prefix, sys.byteorder)",
                           "(3, 13) linux posix 4 /usr little\n")

    def test_every_module_can_be_imported(self):
        program = """
import importlib, pkgutil, sys
missing = []
names = set(sys.builtin_module_names) | {module.name for module in pkgutil.iter_modules()}
for name in sorted(names - {"this", "antigravity"}):
    try: importlib.import_module(name)
    except ImportError as error: missing.append((name, error.name))
print(len(names) > 250, missing)
"""
        done = self.python(program)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.out, "True [('ctypes', '_ctypes'), ('ssl', '_ssl')]\n")

    def test_bytecode_is_read_from_the_pack(self):
        self.assert_prints("import json, os; print(json.__cached__, os.path.exists(json.__cached__),"
                           " json.__spec__.loader.get_code('json').co_filename)",
                           "/usr/lib/python3.13/json/__pycache__/__init__.cpython-313.pyc True "
                           "/usr/lib/python3.13/json/__init__.py\n")

    def test_compression(self):
        self.assert_prints("""
import bz2, gzip, lzma, zlib
data = bytes(range(256)) * 1000
for module in (bz2, gzip, lzma, zlib): print(module.decompress(module.compress(data)) == data, end=" ")
""", "True True True True ")

    def test_hashes(self):
        self.assert_prints("""
import hashlib
for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b"):
    print(getattr(hashlib, name)(b"abc").hexdigest()[:8])
print(hashlib.pbkdf2_hmac.__name__ if hasattr(hashlib, "pbkdf2_hmac") else "no pbkdf2_hmac")
""", "90015098\na9993e36\nba7816bf\nddaf35a1\n3a985da7\nba80a53f\nno pbkdf2_hmac\n")

    def test_decimal_and_numbers(self):
        self.assert_prints("""
import decimal, fractions, math, random, statistics
decimal.getcontext().prec = 50
print(decimal.Decimal(2).sqrt(), decimal.HAVE_THREADS)
print(fractions.Fraction(1, 3) + fractions.Fraction(1, 6), 2 ** 100, math.comb(50, 25), statistics.mean([1, 2, 4]))
print(random.Random(7).random(), float("1e308") * 10, 0.1 + 0.2)
""", "1.4142135623730950488016887242096980785696718753769 True\n"
           "1/2 1267650600228229401496703205376 126410606437752 2.3333333333333335\n"
           "0.32383276483316237 inf 0.30000000000000004\n")

    def test_sqlite(self):
        self.assert_prints("""
import sqlite3
with sqlite3.connect("/tmp/base") as base:
    base.execute("create virtual table t using fts5(x)")
    base.executemany("insert into t values (?)", [("one word",), ("two words",)])
print(sqlite3.connect("/tmp/base").execute("select count(*), (select x from t where t match 'two') from t").fetchall())
""", "[(2, 'two words')]\n")

    def test_time_zones_and_locale(self):
        self.assert_prints("import time, locale; print(time.strftime('%Z'), locale.getpreferredencoding(), "
                           "'ä'.encode(), len('€'))", "UTC UTF-8 b'\\xc3\\xa4' 1\n")

    def test_unicode_on_standard_streams(self):
        self.assert_prints("print(input())", "süß €\n", stdin="süß €\n".encode())

    def test_readline_is_libedit(self):
        self.assert_prints("import readline; readline.add_history('x'); print(readline.backend, "
                           "readline.get_history_item(1))", "editline x\n")


class Processes(Python):
    def test_subprocess(self):
        self.assert_prints("""
import subprocess, sys
print(subprocess.run(["sed", "s/a/b/"], input="banana", capture_output=True, text=True, check=True).stdout)
print(subprocess.check_output("echo $((6*7)) | cat", shell=True))
print(subprocess.call([sys.executable, "-c", "import sys; sys.exit(3)"]))
try: subprocess.run(["sleep", "9"], timeout=0.2)
except subprocess.TimeoutExpired: print("late")
try: subprocess.run(["no-such-program"])
except FileNotFoundError as error: print(error.filename)
with subprocess.Popen(["cat"], stdin=-1, stdout=-1, cwd="/usr", env={"A": "b"}, start_new_session=True) as child:
    print(child.communicate(b"text"))
""", "bbnana\nb'42\\n'\n3\nlate\nno-such-program\n(b'text', None)\n")

    def test_fork(self):
        self.assert_prints("""
import os
read, write = os.pipe()
value = ["parent"]
child = os.fork()
if child == 0:
    value[0] = "child"
    os.write(write, f"{value[0]} {os.getppid() != os.getpid()}".encode())
    os._exit(7)
pid, status = os.waitpid(child, 0)
print(os.read(read, 100), os.waitstatus_to_exitcode(status), value, pid == child)
""", "b'child True' 7 ['parent'] True\n")

    def multiprocessing(self, method):
        (self.folder / "work.py").write_text(f"""
import multiprocessing, os
def square(number): return number * number
def send(connection, queue, lock):
    connection.send({{"pid": os.getpid()}})
    with lock: queue.put("queued")
if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    with context.Pool(2) as pool: print(pool.map(square, range(10)))
    ours, theirs = context.Pipe()
    queue, lock = context.Queue(), context.Lock()
    child = context.Process(target=send, args=(theirs, queue, lock))
    child.start()
    print(ours.recv()["pid"] == child.pid, queue.get())
    child.join()
    with context.Manager() as manager: print(child.exitcode, manager.dict(a=1)["a"])
""")
        done = run("--quiet", "-v", f"{self.folder}:/work", "--", "python3", "/work/work.py", timeout=120)
        self.assert_ok(done, "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]\nTrue queued\n0 1\n")

    def test_multiprocessing_by_fork(self):
        self.multiprocessing("fork")

    def test_multiprocessing_by_spawn(self):
        self.multiprocessing("spawn")

    def test_shared_memory(self):
        self.assert_prints("""
import os
from multiprocessing import shared_memory
memory = shared_memory.SharedMemory(create=True, size=100)
if os.fork() == 0:
    memory.buf[0] = 42
    os._exit(0)
os.wait()
print(memory.buf[0])
memory.close()
memory.unlink()
""", "42\n")

    def test_threads(self):
        self.assert_prints("""
import threading, queue, concurrent.futures
lock, total, local = threading.Lock(), 0, threading.local()
def work(number):
    global total
    local.number = number
    for _ in range(1000):
        with lock: total += 1
    return local.number
with concurrent.futures.ThreadPoolExecutor(4) as pool: print(sum(pool.map(work, range(8))), total)
event = threading.Event()
threading.Timer(0.05, event.set).start()
print(event.wait(5), event.wait(0.01))
""", "28 8000\nTrue True\n")

    def test_asyncio(self):
        self.assert_prints("""
import asyncio, signal, os
async def main():
    child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    print(await child.communicate(b"through cat"), child.returncode)
    child = await asyncio.create_subprocess_shell("sleep 9")
    try: await asyncio.wait_for(child.wait(), 0.1)
    except TimeoutError: child.kill()
    print(await child.wait())
    async def echo(reader, writer):
        writer.write(await reader.readline())
        writer.close()
    server = await asyncio.start_unix_server(echo, "/tmp/server")
    reader, writer = await asyncio.open_unix_connection("/tmp/server")
    writer.write(b"line\\n")
    print(await reader.read())
    server.close()
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, done.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(done.wait(), 5)
    print(await asyncio.to_thread(sum, [1, 2]), await asyncio.gather(*(asyncio.sleep(0.01, n) for n in range(3))))
asyncio.run(main())
""", "(b'through cat', None) 0\n-9\nb'line\\n'\n3 [0, 1, 2]\n")

    def test_signals(self):
        self.assert_prints("""
import os, signal, time
seen = []
signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
os.kill(os.getpid(), signal.SIGUSR1)
print(seen == [signal.SIGUSR1])
signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError))
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    while True: pass
except TimeoutError: print("alarm")
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
os.kill(os.getpid(), signal.SIGUSR2)
print(signal.sigwait({signal.SIGUSR2}).name)
try: os.kill(os.getpid(), signal.SIGINT); time.sleep(1)
except KeyboardInterrupt: print("interrupted")
""", "True\nalarm\nSIGUSR2\ninterrupted\n")

    def test_select_and_sockets(self):
        self.assert_prints("""
import os, select, selectors, socket, threading
left, right = socket.socketpair()
epoll = select.epoll()
epoll.register(right, select.EPOLLIN)
print(select.select([right], [], [], 0)[0], epoll.poll(0))
left.send(b"x")
print(len(select.select([right], [], [], 1)[0]), len(epoll.poll(1)), len(selectors.DefaultSelector().get_map()))
server = socket.socket(socket.AF_UNIX)
server.bind("/tmp/socket")
server.listen()
client = socket.socket(socket.AF_UNIX)
client.connect(server.getsockname())
peer, _ = server.accept()
client.sendall(b"hello")
client.shutdown(socket.SHUT_WR)
print(peer.makefile("rb").read())
right.recv(1)
read, write = os.pipe()
socket.send_fds(left, [b"fd"], [write])
_, fds, _, _ = socket.recv_fds(right, 10, 1)
os.write(fds[0], b"passed")
print(os.read(read, 10))
""", "[] []\n1 1 0\nb'hello'\nb'passed'\n")

    def test_there_is_no_network(self):
        self.assert_prints("""
import socket, urllib.request
try: socket.create_connection(("192.0.2.1", 80))
except OSError as error: print(error.strerror)
try: urllib.request.urlopen("http://127.0.0.1/")
except OSError as error: print("none")
""", "Network unreachable\nnone\n")

    def test_mmap(self):
        self.assert_prints("""
import mmap
with open("/tmp/file", "w+b") as file:
    file.write(b"0123456789" * 1000)
    file.flush()
    with mmap.mmap(file.fileno(), 0) as memory:
        memory[3:6] = b"abc"
        print(memory.find(b"cde"), memory.find(b"abc"), len(memory))
        memory.flush()
    file.seek(0)
    print(file.read(8))
""", "-1 3 10000\nb'012abc67'\n")

    def test_arguments_environment_and_folder(self):
        done = run("--quiet", "-e", "NAME=value", "--workdir", "/tmp", "--", "python3", "-c",
                   "import os, sys; print(sys.argv, os.environ['NAME'], os.getcwd())", "a b", "ü")
        self.assert_ok(done, "['-c', 'a b', 'ü'] value /tmp\n")
        done = run("--quiet", "-e", "PYTHONPATH=/x", "--", "python3", "-I", "-c",
                   "import sys; print('/x' in sys.path, sys.flags.isolated)")
        self.assert_ok(done, "False 1\n")
        done = run("--quiet", "-e", "PYTHONPATH=/x", "--", "python3", "-E", "-c", "import sys; print('/x' in sys.path)")
        self.assert_ok(done, "False\n")

    def test_hashes_differ_between_processes(self):
        outputs = {self.python("print(hash('some text'))").out for _ in range(4)}
        self.assertEqual(len(outputs), 4)
        outputs = {self.python("print(hash('text'))", options=("-e", "PYTHONHASHSEED=5")).out for _ in range(2)}
        self.assertEqual(len(outputs), 1)


class Packages(Python):
    def make_wheel(self):
        """A pure wheel, as any build tool makes it."""
        wheels = self.folder / "wheels"
        wheels.mkdir()
        info = "greeter-1.0.dist-info"
        with zipfile.ZipFile(wheels / "greeter-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("greeter/__init__.py", "def main(): print('hello from', __name__)\n")
            wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: greeter\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
                           "Tag: py3-none-any\n")
            wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\ngreet = greeter:main\n")
            wheel.writestr(f"{info}/RECORD", f"greeter/__init__.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n"
                           f"{info}/entry_points.txt,,\n{info}/RECORD,,\n")
        return wheels

    def test_venv_and_pip(self):
        wheels = self.make_wheel()
        done = run("--quiet", "-v", f"{wheels}:/wheels", "-c", """
            python3 -m venv ~/env && . ~/env/bin/activate &&
            pip install --quiet --no-index --find-links /wheels greeter && greet &&
            python -c 'import sys, greeter; print(sys.prefix, greeter.__file__)' && pip list --format=freeze
            """, timeout=300)
        self.assert_ok(done, "hello from greeter\n/home/user/env "
                       "/home/user/env/lib/python3.13/site-packages/greeter/__init__.py\ngreeter==1.0\npip==26.2.1\n")

    def test_the_library_cannot_be_changed(self):
        self.assert_prints("""
for path in ("/usr/lib/python3.13/os.py", "/usr/lib/python3.13/new.py"):
    try: open(path, "a")
    except OSError as error: print(error.strerror)
""", "Read-only file system\nRead-only file system\n")


class Ends(Python):
    def test_deep_recursion_is_an_error_and_no_trap(self):
        program = """
import copy, json, pickle, re, sys, threading
class Repr:
    def __repr__(self): return repr(self)
class Attribute:
    def __getattr__(self, name): return getattr(self, name)
class Missing(dict):
    def __missing__(self, key): return self[key]
class Less:
    def __lt__(self, other): return sorted([Less(), Less()])
def call(): call()
def mapped(x): return list(map(mapped, [x]))
nested = []
for _ in range(100000): nested = [nested]
cases = [call, lambda: mapped(1), lambda: repr(Repr()), lambda: Attribute().x, lambda: Missing()[1],
         lambda: sorted([Less(), Less()]), lambda: repr(nested), lambda: nested == [nested],
         lambda: json.loads("[" * 100000), lambda: json.dumps(nested), lambda: pickle.dumps(nested),
         lambda: copy.deepcopy(nested), lambda: re.compile("(" * 5000 + ")" * 5000),
         lambda: compile("-" * 100000 + "1", "x", "eval"), lambda: compile("a" + ".b" * 100000, "x", "eval"),
         lambda: compile("1" + "+1" * 50000, "x", "eval")]
def attempt(case):
    try: case()
    except (RecursionError, MemoryError): return True
def all_cases(): print(len(cases), sum(bool(attempt(case)) for case in cases))
all_cases()
thread = threading.Thread(target=all_cases)
thread.start()
thread.join()
"""
        self.assert_prints(program, "16 16\n16 16\n", timeout=120)

    def test_out_of_memory_is_an_error_that_can_be_caught(self):
        self.assert_prints("""
try: bytearray(1 << 30)
except MemoryError: print("no memory")
blocks = []
try:
    while True: blocks.append(bytearray(1 << 20))
except MemoryError:
    blocks.clear()
    print("none left")
""", "no memory\nnone left\n", options=("--memory", "128m"))

    def test_an_endless_loop_is_ended(self):
        done = self.python("while True: pass", options=("--timeout", "1s"))
        self.assertEqual(done.code, support.TIMEOUT, done)
        done = self.python("while True: pass", options=("--cpu-time", "0.5s"))
        self.assertEqual(done.code, support.LIMIT, done)

    def test_processes_without_end(self):
        self.assert_prints("""
import os
children = 0
try:
    while True:
        if os.fork() == 0:
            import time
            time.sleep(60)
        children += 1
except OSError as error: print(error.strerror, children < 20, flush=True)
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.killpg(0, signal.SIGTERM)
os._exit(0)
""", "Resource temporarily unavailable True\n", options=("--pids", "16"), timeout=120)

    def test_exit_codes(self):
        self.assertEqual(self.python("import sys; sys.exit(5)").code, 5)
        done = self.python("1/0")
        self.assertEqual(done.code, 1)
        self.assertIn("ZeroDivisionError: division by zero", done.err)
        self.assertEqual(self.python("import os; os.abort()").code, 128 + 6)
        done = self.python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
        self.assertEqual(done.code, 128 + 9)


class Interactive(Python):
    def test_standard_input_is_a_program(self):
        self.assert_ok(run("--quiet", "--", "python3", "-", "x", stdin=b"import sys\nprint(sys.argv)\n"), "['-', 'x']\n")
        done = run("--quiet", "--", "python3", "-i", stdin=b"1 + 1\nimport os\nos.getpid() > 0\n")
        self.assertEqual(done.out, "2\nTrue\n", done)

    def test_in_a_pipeline_of_the_shell(self):
        done = run("--quiet", "-c", "seq 5 | python3 -c 'import sys; print(sum(map(int, sys.stdin)))' | tr 1 x")
        self.assert_ok(done, "x5\n")

    def open(self, *arguments):
        terminal = Terminal(*arguments)
        self.addCleanup(terminal.close)
        return terminal

    def use(self, terminal):
        """Types what people type; the REPL's colours and cursor movements come in between."""
        terminal.wait_for(">>> ")
        terminal.type("6 * 7\r")
        terminal.wait_for(r"42\r\n(.|\n)*>>> ")
        terminal.type("def twice(x):\rreturn x + x\r\rtwice('ab')\r")  # the REPL indents
        terminal.wait_for("'abab'\r\n")
        terminal.type("1 / 0\r")
        terminal.wait_for("ZeroDivisionError(.|\n)*division by zero")
        terminal.type("print('a' 'b', end='c\\n')\r")
        terminal.wait_for("abc\r\n(.|\n)*>>> ")
        terminal.type("\x1bOA")  # cursor up, as the keypad says it: the last line again
        terminal.wait_for(r"print\('a' 'b', end='c\\n'\)")
        terminal.type("\r")
        terminal.wait_for("abc\r\n(.|\n)*>>> ")
        terminal.type("print('on'); [None for _ in iter(int, 1)]\r")
        terminal.wait_for("on\r\n")
        terminal.type("\x03")
        terminal.wait_for("KeyboardInterrupt(.|\n)*>>> ")

    def test_on_a_terminal(self):
        terminal = self.open("run", "-t", "--", "python3")
        self.use(terminal)
        terminal.type("raise SystemExit(5)\r")
        self.assertEqual(terminal.end(), 5)

    def test_in_the_shell(self):
        terminal = self.open("shell")
        terminal.wait_for(r"\$ $")
        terminal.type("python3\r")
        self.use(terminal)
        terminal.type("\x04")
        terminal.wait_for(r"\$ $")
        terminal.type("echo status $?\r")
        terminal.wait_for("\rstatus 0\r\n")

    def test_with_libedit_on_a_terminal(self):
        terminal = self.open("run", "-t", "-e", "PYTHON_BASIC_REPL=1", "--", "python3")
        terminal.wait_for(">>> ")
        terminal.type("6 * 7X\x7f\r")
        terminal.wait_for("\n42\r\n>>> ")
        terminal.type("\x1b[A\r")
        terminal.wait_for("\n42\r\n>>> ")
        terminal.type("while True: pass\r\r")
        time.sleep(0.5)
        terminal.type("\x03")
        terminal.wait_for("KeyboardInterrupt(.|\n)*>>> ")
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 128 + signal.SIGINT)  # as natively, once a line was interrupted


if __name__ == "__main__":
    unittest.main()
