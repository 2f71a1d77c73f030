"""python3 from its ready image (docs/python.md): a process differs in nothing from one that starts cold.

A variable of Python's that the image does not know, PYTHONCOLD here, makes a cold start."""

import unittest

from support import TestCase, run

COLD = "PYTHONCOLD=1"

# All that a start decides. What differs between any two processes is left out.
STATE = """
import sys
modules = sorted(sys.modules)
import locale, os, site, time, threading
print("flags", sys.flags, sys.dont_write_bytecode, sys.pycache_prefix, sys.warnoptions, sys._xoptions)
print("arguments", sys.argv, sys.orig_argv)
print("program", sys.executable, sys._base_executable, sys.prefix, sys.exec_prefix, sys.base_prefix, sys.platlibdir)
print("path", sys.path, os.getcwd())
print("modules", modules)
print("environment", {name: value for name, value in os.environ.items() if name != "PYTHONCOLD"},
      dict(os.environb) == {os.fsencode(name): os.fsencode(value) for name, value in os.environ.items()})
for name in "stdin", "stdout", "stderr":
    stream = getattr(sys, name)
    print(name, stream is getattr(sys, "__" + name + "__"), stream and [
        stream.name, stream.mode, stream.encoding, stream.errors, stream.line_buffering, stream.write_through,
        stream.isatty(), stream.newlines, type(stream.buffer).__name__])
print("site", site.ENABLE_USER_SITE, site.USER_BASE, site.USER_SITE, site.PREFIXES)
print("locale", locale.setlocale(locale.LC_CTYPE), sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
print("main", sorted(set(sys.modules["__main__"].__dict__) - {"stream", "name"}), __name__, type(__loader__), __spec__)
import signal
print("signals", [(number.name, signal.getsignal(number)) for number in signal.valid_signals()
                  if isinstance(number, signal.Signals)])
import gc
print("thread", threading.get_native_id() == os.getpid(), threading.main_thread() is threading.current_thread())
print("limits", sys.getrecursionlimit(), sys.getswitchinterval(), gc.isenabled(), gc.get_threshold(), time.tzname)
print("warnings", sys.modules["warnings"].filters if "warnings" in sys.modules else None, __debug__)
"""


class Start(TestCase):
    def start(self, *command, options=(), **rest):
        return run("--quiet", *options, "--", *command, **rest)

    def assert_same_as_cold(self, *command, options=(), **rest):
        warm = self.start(*command, options=options, **rest)
        cold = self.start(*command, options=(*options, "-e", COLD), **rest)
        self.assertEqual(warm.out.splitlines(), cold.out.splitlines())
        self.assertEqual((warm.code, warm.err), (cold.code, cold.err))
        return warm

    def known_hash(self, *options, command=("python3",)):
        """That of a word which the image knows: one and the same in all processes that start from it."""
        done = self.start(*command, "-c", "print(hash('os'))", options=options)
        self.assertEqual(done.code, 0, done)
        return done.out

    def is_warm(self, *options, command=("python3",)):
        return self.known_hash(*options, command=command) == self.known_hash()

    def test_what_starts_from_the_image(self):
        self.assertTrue(self.is_warm())
        self.assertFalse(self.is_warm("-e", COLD))
        for option in ("-I", "-E", "-s", "-P", "-B", "-u", "-q"):
            self.assertTrue(self.is_warm(command=("python3", option)), option)
        for option in ("-O", "-S", "-Wignore", "-Xdev", "-b"):
            self.assertFalse(self.is_warm(command=("python3", option)), option)
        for variable in ("PYTHONUNBUFFERED=1", "HOME=/tmp", "LANG=de_DE.UTF-8", "OTHER=1"):
            self.assertTrue(self.is_warm("-e", variable), variable)
        for variable in ("PYTHONPATH=/tmp", "PYTHONHASHSEED=0", "TZ=CET", "LC_ALL=C"):
            self.assertFalse(self.is_warm("-e", variable), variable)

    def test_arguments(self):
        for arguments in (("-c", STATE), ("-c", STATE, "a b", "", "ü", "-x"), ("-", "x")):
            self.assert_same_as_cold("python3", *arguments, stdin=STATE.encode())
        for option in ("-I", "-E", "-s", "-S", "-P", "-B", "-u", "-O", "-OO", "-b", "-q", "-Xdev", "-Xutf8=0",
                       "-Wignore", "-IBu"):
            with self.subTest(option):
                self.assert_same_as_cold("python3", option, "-c", STATE, "x")
        for name in ("python", "python3.13", "/usr/bin/python3"):
            self.assert_same_as_cold(name, "-c", STATE)

    def test_variables(self):
        for variable in ("PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=x", "PYTHONIOENCODING=latin-1:replace",
                         "PYTHONNOUSERSITE=1", "PYTHONSAFEPATH=1", "PYTHONPYCACHEPREFIX=/tmp/c", "PYTHONHASHSEED=random",
                         "PYTHONWARNINGS=error", "PYTHONOPTIMIZE=1", "PYTHONPATH=/tmp:/usr", "PYTHONUTF8=0",
                         "PYTHONUSERBASE=/tmp", "PYTHONHOME=/usr", "LC_ALL=C", "LANG=de_DE.UTF-8", "LC_CTYPE=POSIX",
                         "HOME=/tmp", "HOME=", "TZ=CET-1", "PATH=/bin", "PYTHONINSPECT=1", "EMPTY="):
            with self.subTest(variable):
                self.assert_same_as_cold("python3", "-c", STATE, options=("-e", variable))
                self.assert_same_as_cold("python3", "-E", "-c", STATE, options=("-e", variable))
        self.assert_same_as_cold("python3", "-c", STATE, options=("-w", "/tmp"))

    def test_refused_arguments(self):
        for arguments in (("-Z",), ("-c",), ("--help",), ("--version",), ("/no/such.py",), ("-m", "no_such"), ("/tmp",)):
            with self.subTest(arguments):
                self.assert_same_as_cold("python3", *arguments)
        self.assert_same_as_cold("python3", "-c", "1", options=("-e", "PYTHONHASHSEED=x"))

    def test_files_and_modules(self):
        (self.folder / "state.py").write_text(STATE)
        (self.folder / "package").mkdir()
        (self.folder / "package" / "__main__.py").write_text(STATE)
        options = ("-v", f"{self.folder}:/work:ro", "-w", "/work")
        for arguments in (("state.py", "x"), ("/work/state.py",), ("-m", "state"), ("-m", "package", "y"), ("package",),
                          ("-I", "state.py"), ("-x", "state.py"), ("-i", "state.py")):
            with self.subTest(arguments):
                self.assert_same_as_cold("python3", *arguments, options=options)

    def test_a_file_beside_the_script_comes_before_the_library(self):
        for name in ("types", "random", "json", "linecache"):
            (self.folder / f"{name}.py").write_text("mine = True\n")
        (self.folder / "main.py").write_text("import types, random, json; print(types.mine, random.mine, json.mine)\n")
        self.assert_ok(self.start("python3", "/work/main.py", options=("-v", f"{self.folder}:/work:ro")),
                       "True True True\n")

    def test_site_packages_of_the_user_and_mounted_ones(self):
        (self.folder / "x.pth").write_text("/opt\nimport sys; sys.marked = True\n")
        (self.folder / "sitecustomize.py").write_text("print('customized')\n")
        program = "import sys; print('/opt' in sys.path, hasattr(sys, 'marked'))"
        for place in ("/usr/lib/python3.13/site-packages", "/home/user/.local/lib/python3.13/site-packages"):
            done = self.start("python3", "-c", program, options=("-v", f"{self.folder}:{place}:ro"))
            self.assert_ok(done, "customized\nTrue True\n")

    def test_streams(self):
        script = """
            python3 -c "$0" > /tmp/out < /etc/passwd; cat /tmp/out
            python3 -c "$0" 2> /tmp/err | cat
            python3 -c 'import sys; print(sys.stdin, sys.stdout is None, file=sys.stderr)' <&- >&-
            python3 -c 'import sys; print(sys.stderr)' 2>&-
            python3 -c 1 < /tmp; echo $?
            python3 -c 'print(input())' <<< line
            python3 -c 'print("lost")' > /dev/full; echo $?
            """
        self.assert_same_as_cold("bash", "-c", script, STATE)

    def test_signals_that_are_ignored(self):
        program = "import signal; print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGHUP))"
        warm = self.assert_same_as_cold("bash", "-c", f"trap '' INT HUP; python3 -c '{program}'")
        self.assertEqual(warm.out, "1 1\n")
        interrupt = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('alive')"
        self.assert_ok(self.start("bash", "-c", f'trap "" INT; python3 -c "{interrupt}"'), "alive\n")
        done = self.assert_same_as_cold("bash", "-c", f'python3 -c "{interrupt}"; echo $?')
        self.assertIn("KeyboardInterrupt", done.err)

    def test_nothing_random_is_shared(self):
        program = """
import os, random, secrets, tempfile, uuid
print(hash("a text that no image knows"), hash(b"nor these bytes"))
for value in (random.random(), random.SystemRandom().random(), secrets.token_hex(), uuid.uuid4(),
              tempfile.mktemp(), next(tempfile._get_candidate_names()), os.urandom(9)): print(value)
"""
        runs = [self.start("python3", "-c", program).out.splitlines() for _ in range(3)]
        for values in zip(*runs):
            self.assertEqual(len(set(values)), 3, values)

    def test_nobody_can_prepare_texts_that_collide(self):
        """Texts whose hashes agree in many bits in one process do not in another."""
        program = """
import sys
texts = [f"key number {number}" for number in range(200000)]
if len(sys.argv) > 1: print(len({hash(text) & 0xfff for text in sys.argv[1].split("|")}))
else: print("|".join([text for text in texts if hash(text) & 0xfff == 7][:40]))
"""
        texts = self.start("python3", "-c", program).out.strip()
        self.assertGreater(len(texts.split("|")), 20)
        self.assertGreater(int(self.start("python3", "-c", program, texts).out), 20)

    def test_equal_texts_have_equal_hashes(self):
        """However they came about: the image knows some of these, and some are new."""
        self.assert_ok(self.start("python3", "-c", """
import sys
known = sorted({name for module in list(sys.modules.values()) for name in vars(module)} | set(sys.modules))
print(len(known) > 500, all(hash(name) == hash("".join(list(name))) == hash(name.encode()) for name in known))
print(all({name: 1}["".join(list(name))] for name in known), all(sys.intern("".join(list(name))) for name in known))
new = [f"new {number}" for number in range(5000)]
table = dict.fromkeys(new)
print(all("".join(list(name)) in table for name in new), hash("") == hash(b"") == 0, hash("ä") == hash("ä"[:]))
"""), "True True\nTrue True\nTrue True True\n")

    def test_environment_and_children(self):
        self.assert_same_as_cold("python3", "-c", """
import os, subprocess, sys, threading
os.environ["NEW"] = "a"; del os.environ["HOME"]
print(subprocess.run(["env"], capture_output=True, text=True).stdout.count("NEW=a"), os.getenv("HOME"))
print(subprocess.run([sys.executable, "-c", "import os; print(os.getenv('NEW'))"], capture_output=True).stdout)
if os.fork() == 0:
    print("child", threading.get_native_id() == os.getpid(), flush=True)
    os._exit(0)
os.wait()
thread = threading.Thread(target=print, args=("thread",)); thread.start(); thread.join()
""")

    def test_a_virtual_environment(self):
        done = self.start("bash", "-c", "python3 -m venv --without-pip /tmp/e && /tmp/e/bin/python -c "
                          "'import sys; print(sys.prefix, sys.executable)' && PATH=/tmp/e/bin:$PATH python3 -c "
                          "'import sys; print(sys.prefix, sys.base_prefix)'; ln -s /usr/bin/python3 /tmp/p; "
                          "/tmp/p -c 'import sys; print(sys.executable, sys.prefix)'")
        self.assert_ok(done, "/tmp/e /tmp/e/bin/python\n/tmp/e /usr\n/tmp/p /usr\n")


class End(TestCase):
    """Destructors run as at any end of Python, on whatever of the image an object hangs."""

    PROGRAM = """
import abc, atexit, codecs, os, sys, weakref
class Seen:
    def __init__(self, name): self.name = name
    def __del__(self): print("gone", self.name, os is not None, flush=True)
class Bare:
    __slots__ = ()
    def __del__(self): os.write(1, b"gone bare\\n")
class Plain: pass
def steps():
    try: yield
    finally: os.write(1, b"closed\\n")
"""
    CASES = {
        "seen = Seen('global'); cycle = [seen]; cycle.append(cycle)": "gone global True\n",
        "os.thing = Seen('of a module')": "gone of a module True\n",
        "os.environ.thing = Seen('of an object')": "gone of an object True\n",
        "os._Environ.thing = Seen('of a class')": "gone of a class True\n",
        "os.path.join.thing = Seen('of a function')": "gone of a function True\n",
        "sys.path_hooks.append(Seen('of a list').__eq__)": "gone of a list True\n",
        "abc.ABC.register(type('Virtual', (), {'thing': Seen('of a class')}))": "gone of a class True\n",
        "os.environ.thing = Bare()": "gone bare\n",
        "os.environ.thing = steps(); next(os.environ.thing)": "closed\n",
        "os.environ.thing = open('/tmp/file', 'w'); os.environ.thing.write('written')": "",
        "os.environ.a = Plain(); weakref.finalize(os.environ.a, print, 'finalized')": "finalized\n",
        "atexit.register(lambda: print('at exit')); sys.exit(3)": "at exit\n",
        "sys.thing = Seen('of sys'); import builtins; builtins.thing = Seen('of builtins')": "gone of builtins True\n",
        "sys.stdout.write('kept in the buffer')": "kept in the buffer",
        "import json, encodings.latin_1; json.thing = encodings.thing = Seen('of both')": "gone of both True\n",
        "seen = Seen('after an error'); 1 / 0": "gone after an error True\n",
        "import _interpreters as i; one, two = i.create(), i.create(); i.exec(one, 'import json'); i.destroy(one);"
        "print(i.exec(two, 'print(1, flush=True)'), len(i.list_all()))": "1\nNone 2\n",
    }

    def test_destructors(self):
        script = 'python3 -c "$0"; echo $?; cat /tmp/file 2> /dev/null'
        for case, expected in self.CASES.items():
            with self.subTest(case):
                warm = run("--quiet", "--", "bash", "-c", script, self.PROGRAM + case)
                cold = run("--quiet", "-e", COLD, "--", "bash", "-c", script, self.PROGRAM + case)
                self.assertEqual((warm.out, warm.err), (cold.out, cold.err))
                self.assertTrue(warm.out.startswith(expected), warm)


if __name__ == "__main__":
    unittest.main()
