"""The pack of developers' tools (docs/pack.md): what `cloche programs` says of it, a host's repository, the pager."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

import support
from interrupts_test import Terminal
from support import TestCase, command, run, script

PROGRAMS = {"bzip2-tools", "git", "less", "lua", "make", "patch", "xz-tools", "zstd"}
GIT_LIKE_THE_HOST = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A", "GIT_COMMITTER_NAME": "A",
                     "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_EMAIL": "a@example.org"}


class Pack(TestCase):
    def test_the_programs_say_what_is_in_it(self):
        programs = json.loads(command("programs", "--json").out)["programs"]
        ours = {program["name"]: program for program in programs if program.get("pack") == "cloche-dev"}
        self.assertEqual(set(ours), PROGRAMS)
        for program in ours.values():
            self.assertTrue(program["licence"] and program["commands"], program)
            for source in program["sources"]:
                self.assertRegex(source["sha256"], "^[0-9a-f]{64}$")
        self.assertEqual([source["package"] for source in ours["git"]["sources"]], ["git", "zlib"])
        self.assertIn("git-upload-pack", ours["git"]["commands"])

    def test_without_it_the_rest_is_there(self):
        alone = self.folder / "cloche.pack"
        shutil.copy(support.PACK, alone)
        self.assert_ok(script("type -P git make xz; echo $?; echo x | sed s/x/y/", "--pack", alone), "1\ny\n")

    def test_damage_is_found_when_it_is_read(self):
        alone = self.folder / "test.pack"
        shutil.copy(support.PACK, alone)
        added = bytearray(pathlib.Path(support.PACK).with_name("cloche-dev.pack").read_bytes())
        added[-1000] ^= 1
        (self.folder / "test-dev.pack").write_bytes(added)
        self.assertEqual(command("doctor", "--pack", alone).code, 1)
        done = script("for tool in bzip2 git lua zstd; do $tool --version < /dev/null > /dev/null; done; echo on", "--pack", alone)
        self.assertEqual((done.code, done.out), (0, "on\n"), done)


class Git(TestCase):
    def host(self, *arguments):
        return subprocess.run(["git", "-C", self.repository, *arguments], check=True, capture_output=True, text=True,
                              env={**os.environ, **GIT_LIKE_THE_HOST}).stdout

    def setUp(self):
        super().setUp()
        self.repository = self.folder / "repository"
        subprocess.run(["git", "init", "-q", "-b", "main", self.repository], check=True)
        (self.repository / "file").write_text("one\n")
        self.host("add", ".")
        self.host("commit", "-q", "-m", "on the host")

    def test_a_repository_of_the_host(self):
        options = [word for name, value in GIT_LIKE_THE_HOST.items() for word in ("-e", f"{name}={value}")]
        done = script("cd /w; git log --format=%s; echo two >> file; git commit -q -a -m inside; git status --short; git fsck",
                      *options, "-v", f"{self.repository}:/w:rw")
        self.assert_ok(done, "on the host\n")
        self.assertEqual(self.host("log", "--format=%s"), "inside\non the host\n")
        self.assertEqual(self.host("status", "--short"), "")

    def test_read_only_stays_so(self):
        before = self.host("rev-parse", "HEAD")
        done = script("cd /w; git log --format=%s; git tag no; echo $?; git clone -q . ~/copy && ls ~/copy", "-v",
                      f"{self.repository}:/w")
        self.assertEqual(done.out, "on the host\n128\nfile\n", done)
        self.assertIn("Read-only file system", done.err)
        self.assertEqual(self.host("tag") + self.host("rev-parse", "HEAD"), before)

    def test_what_it_has_not(self):
        done = run("--", "git", "clone", "-q", "https://example.org/x.git", "/tmp/x")
        self.assertEqual(done.code, 128, done)
        self.assertIn("remote-https", done.err)


class Pager(TestCase):
    def test_less(self):
        terminal = Terminal("run", "-t", "-c", "TERM=xterm; seq 1000 | less; echo status $?")
        self.addCleanup(terminal.close)
        terminal.resize(24, 80)
        terminal.wait_for("\r?\n5\r?\n")
        terminal.type("/^77$\r")
        terminal.wait_for("78\r?\n")
        terminal.type("G")
        terminal.wait_for("1000")
        terminal.type("q")
        terminal.wait_for("status 0")
        self.assertEqual(terminal.end(), 0)
        self.assert_ok(script("seq 3 | less"), "1\n2\n3\n")


if __name__ == "__main__":
    unittest.main()
