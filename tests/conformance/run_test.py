#!/usr/bin/env python3
"""Tests of the runner itself: it must fail what differs. A fake `cloche` takes the place of the real
one: it runs the command natively and spoils what FAKE_SPOIL asks for."""

import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import textwrap
import unittest

RUN = pathlib.Path(__file__).resolve().parent / "run.py"

FAKE = """#!{python}
import os, subprocess, sys
args = sys.argv[sys.argv.index("--") + 1:]
env, cwd, options = {{}}, "/", sys.argv[2:sys.argv.index("--")]
for i, option in enumerate(options):
    if option == "-e":
        name, _, value = options[i + 1].partition("=")
        env[name] = value
    if option == "-w":
        cwd = options[i + 1]
spoil = open({spoil!r}).read()
done = subprocess.run(args, env=env, cwd=cwd, capture_output=True)
out, err, status = done.stdout, done.stderr, done.returncode
if spoil == "stdout": out += b"more"
if spoil == "stderr": err += b"more"
if spoil == "status": status += 1
if spoil == "mode": os.chmod(os.path.join(cwd, "f"), 0o777)
if spoil == "content": open(os.path.join(cwd, "f"), "a").write("x")
if spoil == "file": open(os.path.join(cwd, "g"), "w").write("x")
if spoil == "hang": __import__("time").sleep(100)
sys.stdout.buffer.write(out)
sys.stderr.buffer.write(err)
sys.exit(status if status >= 0 else 128 - status)
"""


class RunnerTest(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="cloche-runner-test."))
        self.addCleanup(shutil.rmtree, self.root)
        self.root.chmod(0o755)
        (self.root / "shell").mkdir()
        self.spoil = self.root / "spoil"
        self.fake = self.root / "cloche"
        python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
        self.fake.write_text(FAKE.format(python=python, spoil=str(self.spoil)))
        self.fake.chmod(0o755)

    def run_case(self, text, spoil="", *options):
        self.spoil.write_text(spoil)
        (self.root / "shell" / "case.sh").write_text(textwrap.dedent(text))
        return subprocess.run(
            [sys.executable, RUN, "--root", self.root, "--cloche", self.fake]
            + ["--cache", self.root / "cache", *options],
            capture_output=True,
            text=True,
            check=False,
        )

    def expect(self, done, status, words):
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn(words, done.stdout + done.stderr)

    def test_agreeing_case_passes(self):
        self.expect(self.run_case("echo x > f; echo out; exit 3"), 0, "1 agree")

    def test_each_difference_fails(self):
        case = "echo x > f; echo out"
        for spoil, words in (
            ("stdout", "stdout inside"),
            ("stderr", "stderr inside"),
            ("status", "status: native 0, inside 1"),
            ("mode", "-rwxrwxrwx"),
            ("content", "size=3"),
            ("file", "+g: "),
        ):
            with self.subTest(spoil):
                self.expect(self.run_case(case, spoil), 1, words)

    def test_signal_is_a_status(self):
        self.expect(self.run_case("echo x; kill -9 $$"), 0, "1 agree")

    def test_silent_case_fails_unless_declared(self):
        self.expect(self.run_case("true"), 1, "tests nothing")
        self.expect(self.run_case("#@ silent: only files matter\necho x > f"), 0, "1 agree")

    def test_recorded_difference(self):
        case = "#@ expect-differ: a reason\necho x > f; echo out"
        self.expect(self.run_case(case, "stdout"), 0, "1 differ as recorded")
        self.expect(self.run_case(case), 1, "agrees now")

    def test_normalise(self):
        case = "#@ normalise: [0-9]+ => N\necho $$ > /dev/stdout"
        self.expect(self.run_case(case), 0, "1 agree")

    def test_hanging_side_fails(self):
        self.expect(self.run_case("#@ timeout: 0.5\necho x; sleep 60"), 1, "did not end in time")
        self.expect(self.run_case("#@ timeout: 0.5\necho x", "hang"), 1, "inside: did not end")

    def test_unknown_header_line(self):
        self.expect(self.run_case("#@ nonsense: x\necho x"), 2, "unknown header line")

    def test_missing_tool_is_skipped_and_said(self):
        self.expect(self.run_case("#@ needs: no-such-tool\necho x"), 0, "1 skipped")

    def test_stdin_and_environment(self):
        self.expect(self.run_case('#@ stdin: a\\nb\\n\n#@ env: V=w\ncat; echo "$V"'), 0, "1 agree")

    def test_missing_cloche(self):
        self.fake.chmod(stat.S_IRUSR)
        os.unlink(self.fake)
        self.expect(self.run_case("echo x"), 125, "is not there")


if __name__ == "__main__":
    unittest.main()
