"""Programs for WASI preview 1, made with Debian's wasi-libc, beside bash in one sandbox."""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from mounts_test import snapshot
from support import NOT_RUNNABLE, TIMEOUT, TestCase, run, script

SOURCES = pathlib.Path(__file__).resolve().parent / "wasi"
COMPILER = ["clang-22", "--target=wasm32-wasi", "-O2", "-Wall", "-Werror", "-Wno-deprecated"]
BARE = ["-nostdlib"]
# By name, or as the package of PyPI.
ZIG = (["zig"] if shutil.which("zig") else [sys.executable, "-m", "ziglang"]
       if importlib.util.find_spec("ziglang") else None)


def compile_to(folder, name, *options):
    subprocess.run([*COMPILER, *options, str(SOURCES / f"{name}.c"), "-o", str(folder / f"{name}.wasm")], check=True)


class Wasi(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.programs = pathlib.Path(tempfile.mkdtemp(prefix="cloche-wasi-"))
        cls.addClassCleanup(shutil.rmtree, cls.programs, ignore_errors=True)
        for name, options in [("command", []), ("attacks", []), ("unstable", BARE), ("mixed", BARE),
                              ("indirect", [*BARE, "-mtail-call"])]:
            compile_to(cls.programs, name, *options)
            # Once, so that no later run says on stderr that it compiles.
            run("--module", cls.programs / f"{name}.wasm")

    def setUp(self):
        super().setUp()
        for content in ["rw", "ro"]:
            box = self.folder / content / "box"
            box.mkdir(parents=True)
            (self.folder / content / "file").write_text("text\n")
            (self.folder / content / "secret").write_text("secret\n")
            (box / "file").write_text("boxed\n")
            (box / "out").symlink_to("..")
            (box / "absolute").symlink_to("/etc/passwd")
            (box / "inside").symlink_to("file")

    def mounts(self):
        return ["-v", f"{self.programs}:/p", "-v", f"{self.folder}/rw:/rw:rw", "-v", f"{self.folder}/ro:/ro"]

    def script(self, text, *options, **rest):
        return script(text, *self.mounts(), *options, **rest)

    def module(self, *arguments, **rest):
        return run("--module", self.programs / "command.wasm", *arguments, **rest)

    def test_a_module_of_the_host(self):
        self.assert_ok(self.module("echo", "a b", "", "--json"), "<a b><><--json>\n")
        self.assert_ok(self.module("upper", stdin=b"some\ntext"), "SOME\nTEXT")
        self.assertEqual(self.module("exit", "7").code, 7)
        self.assertEqual(self.module("exit", "256").code, 0)

    def test_by_name_in_pipelines(self):
        self.assert_ok(self.script("cp /p/command.wasm ~/up && chmod +x ~/up && PATH=$PATH:$HOME; "
                                   "echo one | up upper | sed s/N/x/ | tee copy | up upper && cat copy"), "OXE\nOxE\n")
        done = self.script("seq 200000 | /p/command.wasm upper | cmp - <(seq 200000) && echo same")
        self.assert_ok(done, "same\n")
        self.assert_ok(self.script("/p/command.wasm yes | head -n 2; echo ${PIPESTATUS[*]}"), "y\ny\n141 0\n")
        self.assert_ok(self.script("/p/command.wasm exit 3; echo $?; (/p/command.wasm abort) 2>&-; echo $?"), "3\n132\n")

    def test_every_way_to_call_can_wait(self):
        done = self.script("(for i in 1 2 3 4; do echo $i; sleep 0.05; done) | /p/indirect.wasm")
        self.assert_ok(done, "1\n2\n3\n4\n")

    def test_files_and_folders(self):
        self.assert_ok(self.script("cd /rw; /p/command.wasm save new one && /p/command.wasm save /tmp/x two && "
                                   "cat new /tmp/x; /p/command.wasm show /rw/../etc/hostname >&-;"
                                   "/p/command.wasm show /rw/box/out/secret; /p/command.wasm names box | sort"),
                       "onetwosecret\nabsolute\nfile\ninside\nout\n")
        self.assertEqual((self.folder / "rw" / "new").read_text(), "one")
        self.assert_ok(self.script("cd /; /p/command.wasm names rw | sort; mkdir /tmp/many; cd /tmp/many; "
                                   "touch $(seq 500); /p/command.wasm names . | sort | cmp - <(ls | sort) && echo all"),
                       "box\nfile\nnew\nsecret\nall\n")
        self.assert_ok(self.script("cd /rw/box; PWD=/lie /p/command.wasm env PWD; A=b /p/command.wasm env A"),
                       "/rw/box\nb\n")

    def test_waiting_and_time(self):
        self.assert_ok(self.script("/p/command.wasm nap 30"))
        self.assert_ok(self.script("sleep 0.3 | /p/command.wasm wait 20; (sleep 0.05; echo) | /p/command.wasm wait 9000"),
                       "nothing\ninput\n")

    def test_signals_end_it(self):
        self.assert_ok(self.script("/p/command.wasm spin & sleep 0.1; kill $!; wait $!; echo $?;"
                                   "sleep 1 | /p/command.wasm upper & sleep 0.1; kill -9 $!; wait $!; echo $?"),
                       "143\n137\n")

    def test_limits(self):
        command = self.programs / "command.wasm"
        self.assertEqual(run("--timeout", "0.5s", "--module", command, "spin").code, TIMEOUT)
        done = run("--memory", "64M", "--module", command, "eat")
        self.assertEqual((done.code, done.out), (0, "1\n"), done)
        # Refused what is not there for it, whoever has the rest; the sandbox goes on.
        done = self.script("/p/command.wasm eat; (ulimit -v 30000; /p/command.wasm eat);"
                           "head -c 50M /dev/zero | tail -c 50M | sleep 1 & sleep 0.5; /p/command.wasm eat; wait", "--memory", "100M",
                           "--quiet")
        self.assert_ok(done, "1\n1\n1\n")
        done = self.script("ulimit -n 40; cd /rw; /p/command.wasm names box | wc -l; ulimit -n 3; /p/command.wasm names box",
                           "--quiet")
        self.assertEqual((done.code, done.out), (1, "4\n"), done)

    def test_the_older_names(self):
        self.assert_ok(self.script("printf 0123456789 > ~/ten; /p/unstable.wasm < ~/ten"), "unstable\n")

    def test_not_both_interfaces(self):
        self.assertEqual(self.script("/p/mixed.wasm").code, NOT_RUNNABLE)
        self.assertEqual(run("--module", self.programs / "mixed.wasm").code, NOT_RUNNABLE)

    def test_what_is_refused(self):
        before = snapshot(self.folder)
        for group in ["beneath", "read_only", "rights", "renumber", "pointers"]:
            with self.subTest(group=group):
                self.assert_ok(self.script(f"/p/attacks.wasm {group} < /dev/null"), "refused\n")
        self.assertEqual(snapshot(self.folder), before)


def has_rust():
    libraries = subprocess.run(["rustc", "--print", "target-libdir", "--target", "wasm32-wasip1"],
                               capture_output=True, text=True) if shutil.which("rustc") else None
    return libraries is not None and pathlib.Path(libraries.stdout.strip()).is_dir()


class OtherLanguages(TestCase):
    """What standard libraries of other languages ask for."""

    def setUp(self):
        super().setUp()
        self.programs = self.folder / "programs"
        self.programs.mkdir()
        for name in ["rw", "ro"]:
            (self.folder / name).mkdir()
        (self.folder / "ro" / "file").write_text("text\n")

    def script(self, text, *options):
        return script("cd /rw; " + text, "--quiet", "-v", f"{self.programs}:/p", "-v", f"{self.folder}/rw:/rw:rw",
                      "-v", f"{self.folder}/ro:/ro", *options)

    @unittest.skipUnless(has_rust(), "no rustc with the target wasm32-wasip1")
    def test_rust(self):
        subprocess.run(["rustc", "--edition=2021", "-O", "--target", "wasm32-wasip1", str(SOURCES / "program.rs"),
                        "-o", str(self.programs / "program")], check=True)
        self.assert_ok(self.script("/p/program a b; yes a b | head -n 5000 | /p/program words"),
                       'hello Ok("/home/user") 3\n5000 a\n5000 b\n')
        self.assert_ok(self.script("/p/program files; /p/program time"),
                       '["e", "g", "h"] "hello world" 11\nErr(NotFound)\nErr(ReadOnlyFilesystem)\n"text\\n"\n'
                       "true true\n")
        self.assert_ok(self.script("(/p/program panic) 2>&1 | grep -o 'on purpose'; echo ${PIPESTATUS[0]}"),
                       "on purpose\n132\n")
        self.assert_ok(self.script("/p/program eat", "--memory", "48M"), "refused\n")

    @unittest.skipUnless(shutil.which("go"), "no Go")
    def test_go(self):
        subprocess.run(["go", "build", "-o", str(self.programs / "program"), str(SOURCES / "program.go")], check=True,
                       env={**os.environ, "GOOS": "wasip1", "GOARCH": "wasm", "GO111MODULE": "off"})
        self.assert_ok(self.script("/p/program a b; seq 100000 | /p/program lines"), "hello /home/user 3\n100000\n")
        self.assert_ok(self.script("/p/program files"),
                       "<nil> <nil>\n<nil> <nil>\nd d/e d/g d/s hello <nil> <nil>\n/rw <nil>\n"
                       '"text\\n" <nil>\nopen /ro/file: Read-only file system\n')
        self.assert_ok(self.script("/p/program goroutines; /p/program panic 2>&1 | grep -c 'on purpose';"
                                   "/p/program panic 2> /dev/null; echo $?"), "28\n1\n2\n")

    @unittest.skipUnless(ZIG, "no Zig: neither `zig` nor the package ziglang of PyPI")
    def test_zig(self):
        subprocess.run([*ZIG, "build-exe", "-target", "wasm32-wasi", "-OReleaseSafe", f"-femit-bin={self.programs}/program",
                        str(SOURCES / "program.zig")], check=True)
        self.assert_ok(self.script("/p/program a b; seq 100000 | /p/program lines"), "hello /home/user 3\n100000\n")
        self.assert_ok(self.script("/p/program files; /p/program time"),
                       "hello g 5\nerror.FileNotFound\ntext\nerror.Unexpected\ntrue\n")
        self.assert_ok(self.script("(/p/program panic) 2>&1 | grep -o 'on purpose'; echo ${PIPESTATUS[0]}"),
                       "on purpose\n132\n")
        self.assert_ok(self.script("/p/program eat", "--memory", "48M"), "error.OutOfMemory true\n")


if __name__ == "__main__":
    unittest.main()
