"""Damaged, oversized and hostile input: a clear error, the right exit code, no crash, no leftovers."""

import os
import pathlib
import random
import resource
import shutil
import subprocess
import unittest

import support
from support import NOT_FOUND, NOT_RUNNABLE, OWN_ERROR, TestCase, module, run, script


class Modules(TestCase):
    def run_module(self, data, *arguments, **options):
        path = self.folder / "program.wasm"
        path.write_bytes(data)
        return run("--module", path, *arguments, **options)

    def test_a_good_one_runs(self):
        self.assertEqual(self.run_module(module()).code, 7)

    def test_without_a_pack(self):
        done = self.run_module(module(), env={"CLOCHE_PACK": "/no/such.pack"})
        self.assertEqual(done.code, 7, done)

    def test_truncated_everywhere(self):
        good = module()
        for size in range(len(good)):
            with self.subTest(size=size):
                self.assert_refused(self.run_module(good[:size]), NOT_RUNNABLE, "program.wasm")

    def test_any_byte_changed_is_no_crash(self):
        good = module()
        random.seed(1)
        for _ in range(60):
            bad = bytearray(good)
            bad[random.randrange(8, len(bad))] ^= 1 << random.randrange(8)
            path = self.folder / "changed.wasm"
            path.write_bytes(bad)
            done = run("--timeout", "2s", "--module", path)
            self.assertGreaterEqual(done.code, 0, (bytes(bad).hex(), done))

    def test_not_a_module(self):
        for data in (b"", b"\0", b"\0asm", b"\0asm\x02\0\0\0", b"\x7fELF" + b"\0" * 100, os.urandom(4096)):
            with self.subTest(data=data[:8]):
                self.assert_refused(self.run_module(data), NOT_RUNNABLE, "program.wasm")

    def test_oversized(self):
        path = self.folder / "huge.wasm"
        with path.open("wb") as file:
            file.write(module())
            file.truncate((64 << 20) + 1)
        self.assert_refused(run("--module", path), NOT_RUNNABLE, "huge.wasm", "larger than")

    def test_too_much_memory(self):
        done = self.run_module(module(pages=65536))
        self.assertEqual(done.code, NOT_RUNNABLE, done)

    def test_unknown_import(self):
        done = self.run_module(module(imports=(("linux", "exit_group", 1), ("linux", "launch_missiles", 0))))
        self.assert_refused(done, NOT_RUNNABLE, "launch_missiles")
        done = self.run_module(module(imports=(("linux", "exit_group", 1), ("wasi_snapshot_preview1", "fd_launch", 4))))
        self.assert_refused(done, NOT_RUNNABLE, "fd_launch")

    def test_import_of_a_wrong_type(self):
        done = self.run_module(module(imports=(("linux", "exit_group", 5),), body=b""))
        self.assert_refused(done, NOT_RUNNABLE, "exit_group")

    def test_missing(self):
        self.assert_refused(run("--module", "/no/such.wasm"), NOT_FOUND, "/no/such.wasm")
        self.assert_refused(run("--module", self.folder), NOT_RUNNABLE, "directory")

    def test_a_trap_says_what_it_was(self):
        done = self.run_module(module(body=b"\x00"))  # unreachable
        self.assertGreater(done.code, 128, done)
        self.assertIn("unreachable", done.err)


class Packs(TestCase):
    def setUp(self):
        super().setUp()
        self.pack = self.folder / "test.pack"
        shutil.copy(support.PACK, self.pack)
        self.size = self.pack.stat().st_size

    def attempt(self):
        return run("--pack", self.pack, "--", "/usr/bin/true")

    def test_missing_folder_empty(self):
        self.assert_refused(run("--pack", "/no/such", "true"), OWN_ERROR, "/no/such")
        self.assert_refused(run("--pack", self.folder, "true"), OWN_ERROR, "pack")
        self.pack.write_bytes(b"")
        self.assert_refused(self.attempt(), OWN_ERROR, "pack")

    def test_truncated(self):
        for size in (1, 100, 191, 192, 193, 4096, self.size // 2, self.size - 1):
            with self.subTest(size=size):
                shutil.copy(support.PACK, self.pack)
                os.truncate(self.pack, size)
                self.assert_refused(self.attempt(), OWN_ERROR, "pack")

    def test_longer_than_it_says(self):
        with self.pack.open("ab") as file:
            file.write(b"x")
        self.assert_refused(self.attempt(), OWN_ERROR, "pack")

    def test_flipped_bits(self):
        random.seed(2)
        original = self.pack.read_bytes()
        for _ in range(40):
            at = random.randrange(len(original))
            bad = bytearray(original)
            bad[at] ^= 1 << random.randrange(8)
            self.pack.write_bytes(bad)
            done = self.attempt()
            # Damage in data that is not needed now is found when it is.
            self.assertIn(done.code, (0, OWN_ERROR, NOT_RUNNABLE), (at, done))

    def test_a_damaged_pack_beside_the_core(self):
        beside = self.folder / "test-more.pack"
        added = pathlib.Path(support.PACK).with_name("cloche-python.pack").read_bytes()
        for bad in (b"", b"x" * 500, added[:100], added[:-1], b"\0" + added[1:], self.pack.read_bytes()):
            beside.write_bytes(bad)
            done = self.attempt()
            self.assertEqual(done.code, 0, done)
            self.assertIn("test-more.pack is left out", done.err)
        # In its index, which is read when somebody wants a file of it.
        bad = bytearray(added)
        bad[300] ^= 1
        beside.write_bytes(bad)
        self.assert_ok(self.attempt())
        done = run("--pack", self.pack, "-c", "python3 -c 'print(1)'; ls /usr/bin | grep -c python; bash -c 'echo on'")
        self.assertEqual(done.out, "0\non\n", done)
        done = support.command("doctor", "--pack", self.pack)
        self.assertEqual(done.code, 1, done)
        self.assertRegex(done.out, "FAIL  guest pack.*test-more.pack")

    def test_two_packs_with_the_same_files(self):
        added = pathlib.Path(support.PACK).with_name("cloche-python.pack")
        for name in ("test-a.pack", "test-b.pack"):
            shutil.copy(added, self.folder / name)
        done = run("--pack", self.pack, "--", "python3", "-c", "print(1)")
        self.assertEqual((done.code, done.out), (0, "1\n"), done)
        self.assertIn("test-b.pack is left out", done.err)
        self.assertNotIn("test-a.pack", done.err)

    def test_doctor_finds_every_flipped_bit(self):
        random.seed(3)
        original = self.pack.read_bytes()
        for _ in range(5):
            at = random.randrange(len(original))
            bad = bytearray(original)
            bad[at] ^= 1
            self.pack.write_bytes(bad)
            done = support.command("doctor", "--pack", self.pack)
            self.assertEqual(done.code, 1, (at, done))
            self.assertIn("FAIL  guest pack", done.out)


class Caches(TestCase):
    """The cache of compiled code: damage costs time, never correctness."""

    def setUp(self):
        super().setUp()
        self.cache = self.folder / "cache"
        self.program = self.folder / "program.wasm"
        self.program.write_bytes(module())

    def attempt(self, environment=None):
        return run("--module", self.program, env=environment or {"CLOCHE_CACHE_DIR": self.cache})

    def assert_ran(self, done):
        self.assertEqual((done.code, done.err), (7, ""), done)

    def files(self):
        return sorted(path for path in self.cache.rglob("*") if path.is_file())

    def test_is_made_and_used(self):
        self.assert_ran(self.attempt())
        first = self.files()
        self.assertTrue(first)
        self.assert_ran(self.attempt())
        self.assertEqual(self.files(), first)
        for path in [self.cache, *first]:
            self.assertEqual(path.stat().st_mode & 0o022, 0, path)

    def test_flipped_bits(self):
        self.assert_ran(self.attempt())
        random.seed(4)
        for path in self.files():
            original = path.read_bytes()
            for _ in range(8):
                bad = bytearray(original)
                bad[random.randrange(len(bad))] ^= 1 << random.randrange(8)
                path.write_bytes(bad)
                self.assert_ran(self.attempt())

    def test_truncated_and_empty(self):
        self.assert_ran(self.attempt())
        for path in self.files():
            for size in (0, 1, path.stat().st_size // 2):
                os.truncate(path, size)
                self.assert_ran(self.attempt())

    def test_writable_by_others_is_not_used(self):
        self.cache.mkdir(mode=0o777)
        os.chmod(self.cache, 0o777)
        done = self.attempt()
        self.assertEqual(done.code, 7, done)
        self.assertIn("compiled code is not kept", done.err)
        self.assertEqual(self.files(), [])

    def test_a_file_in_its_place(self):
        self.cache.write_text("not a folder")
        done = self.attempt()
        self.assertEqual(done.code, 7, done)
        self.assertIn("compiled code is not kept", done.err)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to mount a small disk")
    def test_full_disk(self):
        self.cache.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k,mode=700", "tmpfs", self.cache],
                                 check=False, capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("cannot mount a tmpfs here")
        self.addCleanup(subprocess.run, ["umount", self.cache], check=False)
        self.assert_ran(self.attempt())
        self.assert_ran(self.attempt())
        self.assertEqual([path for path in self.files() if path.stat().st_size > 8192], [])
        self.assertEqual([path for path in self.files() if path.name.startswith(".")], [])

    def test_no_home_at_all(self):
        self.assert_ran(self.attempt({"HOME": None, "XDG_CACHE_HOME": None, "CLOCHE_CACHE_DIR": None}))

    def test_two_at_a_time(self):
        environment = dict(os.environ, CLOCHE_CACHE_DIR=str(self.cache), CLOCHE_PACK=support.PACK)
        command = [support.CLOCHE, "run", "--module", str(self.program)]
        processes = [subprocess.Popen(command, env=environment) for _ in range(4)]
        self.assertEqual([process.wait(60) for process in processes], [7] * 4)
        self.assert_ran(self.attempt())
        self.assertFalse([path for path in self.files() if path.name.startswith(".")])


class Arguments(TestCase):
    def test_ten_megabytes(self):
        # The host's own limit for all arguments is a quarter of the stack limit, at most 6 MiB: what
        # it lets through must be refused by the sandbox's limit of 2 MiB.
        def more_stack():
            hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
            resource.setrlimit(resource.RLIMIT_STACK, (hard, hard))
        arguments = ["x" * 100_000] * 40
        done = run("--", "echo", *arguments, preexec_fn=more_stack)
        self.assertEqual(done.code, NOT_RUNNABLE, repr(done)[:500])
        self.assertIn("Argument list too long", done.err)

    def test_ten_megabytes_inside(self):
        done = script('x=$(head -c 10000000 /dev/zero | tr "\\0" x); /bin/echo "$x" > /dev/null; echo $?; '
                      'echo ${#x}')
        self.assert_ok(done, "126\n10000000\n")
        self.assertIn("Argument list too long", done.err)

    def test_ten_megabytes_on_stdin(self):
        data = os.urandom(10_000_000)
        done = run("--", "wc", "-c", stdin=data)
        self.assert_ok(done, "10000000\n")

    def test_names_with_newlines_and_no_text(self):
        done = script("touch $'/tmp/a\\nb' $'/tmp/\\xff\\xfe' && cd /tmp && printf '%q\\n' * | sort")
        self.assert_ok(done, "$'\\377\\376'\n$'a\\nb'\n")

    def test_longest_name(self):
        done = script("cd /tmp; touch $(printf %0255d 0) && ls | wc -c; touch $(printf %0256d 0)")
        self.assertEqual((done.code, done.out), (1, "256\n"), done)
        self.assertIn("name too long", done.err)


class Leftovers(TestCase):
    def test_no_temporary_files(self):
        before = {folder: set(os.listdir(folder)) for folder in ("/tmp", "/dev/shm", "/var/tmp")}
        self.assert_ok(script("echo x > /tmp/a; mktemp; cat < <(echo y); sort <<< z", "-v", f"{self.folder}:/m:rw"))
        run("--timeout", "100ms", "-c", "while :; do echo x > /tmp/a; done")
        for folder, names in before.items():
            new = {name for name in set(os.listdir(folder)) - names if "cloche" in name.lower()}
            new -= {name for name in new if name.startswith("cloche-")}  # other tests' folders
            self.assertEqual(new, set(), folder)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
