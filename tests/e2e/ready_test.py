"""Ready images: programs that start from the memory of a warm-up (docs/ready-images.md)."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import support
from support import TestCase, run

HERE = pathlib.Path(__file__).resolve().parent
PACK_TOOL = os.environ.get("CLOCHE_PACK_TOOL", str(pathlib.Path(support.CLOCHE).parent / "guest/pack/cloche-pack"))


class Ready(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="cloche-ready-"))
        cls.addClassCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        sysroot = os.environ.get("CLOCHE_SYSROOT") or subprocess.run(
            [support.ROOT / "scripts" / "build-sysroot"], stdout=subprocess.PIPE, text=True,
            check=True).stdout.strip()
        cls.program = cls.work / "counter"
        subprocess.run([f"{sysroot}/bin/cloche-cc", "-O1", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-pthread",
                        "-o", cls.program, HERE / "ready" / "counter.c", "-lcloche"], check=True)
        cls.pack = cls.make_pack()

    @classmethod
    def make_pack(cls, spoil=None):
        """A pack with the program alone, and what makes its warm-up fail."""
        tree = pathlib.Path(tempfile.mkdtemp(dir=cls.work))
        (tree / "usr/bin").mkdir(parents=True)
        (tree / "usr/lib").mkdir()
        shutil.copy(cls.program, tree / "usr/bin/counter")
        for folder in ("bin", "lib"):
            (tree / folder).symlink_to(f"usr/{folder}")
        if spoil:
            (tree / "usr/lib/spoil").write_text(spoil)
        manifest = tree.with_suffix(".json")
        data = cls.program.read_bytes()
        manifest.write_text(json.dumps({"programs": [{
            "name": "counter", "version": "1", "license": "MIT", "description": "a test", "source": {"name": "test"},
            "files": ["/usr/bin/counter"], "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}]}))
        pack = tree.with_suffix(".pack")
        subprocess.run([PACK_TOOL, "--manifest", manifest, "--output", pack, tree], check=True, capture_output=True)
        return pack

    def counter(self, *arguments, pack=None, options=(), cache=None):
        env = {"CLOCHE_PACK": pack or self.pack, "XDG_CACHE_HOME": cache or self.folder}
        return run("--quiet", *options, "--", "counter", *arguments, env=env)

    def test_every_process_is_its_own(self):
        for number in range(3):  # the first one makes the image, the others find it on disk
            done = self.counter("a", str(number), options=("-e", f"NAME=n{number}"))
            self.assert_ok(done, f"warm wrong=0 argc=3 last={number} name=n{number}\n")

    def test_a_program_may_start_cold(self):
        for _ in range(2):
            self.assert_ok(self.counter("cold", options=("-e", "NAME=x")), "cold wrong=0 argc=2 last=cold name=x\n")

    def test_long_arguments(self):
        long = "y" * 100_000
        self.assert_ok(self.counter(long), f"warm wrong=0 argc=2 last={long} name=\n")

    def test_a_spoiled_warm_up_makes_no_image(self):
        for spoil in ("file", "child", "alarm", "exit", "trap", "shared"):
            with self.subTest(spoil):
                self.assert_ok(self.counter("b", pack=self.make_pack(spoil)), "cold wrong=0 argc=2 last=b name=\n")

    def test_another_pack_has_another_image(self):
        cache = self.folder
        self.assert_ok(self.counter("b", cache=cache), "warm wrong=0 argc=2 last=b name=\n")
        other = self.make_pack("exit")  # of the same program; its warm-up fails
        self.assert_ok(self.counter("b", pack=other, cache=cache), "cold wrong=0 argc=2 last=b name=\n")

    def test_only_programs_of_the_pack(self):
        """A guest's own module never runs in the sandbox of warm-ups."""
        done = run("--quiet", "-v", f"{self.program}:/mnt/counter", "--", "/mnt/counter", "b",
                   env={"CLOCHE_PACK": self.pack, "XDG_CACHE_HOME": self.folder})
        self.assert_ok(done, "cold wrong=0 argc=2 last=b name=\n")

    def test_a_damaged_image_is_made_again(self):
        cache = self.folder
        self.assert_ok(self.counter("b", cache=cache), "warm wrong=0 argc=2 last=b name=\n")
        for file in cache.rglob("*.code"):
            with open(file, "r+b") as code:
                code.seek(file.stat().st_size // 2)
                code.write(b"\x5a\xa5\x5a\xa5")
        self.assert_ok(self.counter("b", cache=cache), "warm wrong=0 argc=2 last=b name=\n")

    def test_an_ignored_signal_stays_ignored(self):
        self.assert_ok(self.counter("ignore"), "warm handled=0\n")

    def test_memory_limits_hold(self):
        done = self.counter("b", options=("--memory", "4M"))
        self.assertNotEqual(done.code, 0, done)


if __name__ == "__main__":
    unittest.main()
