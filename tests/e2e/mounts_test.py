"""Folders and files of the host in the sandbox."""

import hashlib
import os
import unittest

from support import OWN_ERROR, TestCase, run, script


def snapshot(folder):
    """Names, types, modes and contents of a tree."""
    rows = []
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = os.readlink(path) if path.is_symlink() else (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        rows.append((str(path.relative_to(folder)), oct(status.st_mode), content))
    return rows


class Mounts(TestCase):
    def setUp(self):
        super().setUp()
        (self.folder / "a").write_text("text\n")
        (self.folder / "sub").mkdir()
        (self.folder / "sub" / "b").write_text("more\n")

    def test_read_only_is_the_default(self):
        before = snapshot(self.folder)
        for attempt in ["echo x > /m/a", "echo x >> /m/a", ": > /m/new", "rm -f /m/a", "mkdir /m/d",
                        "mv /m/a /m/c", "ln /m/a /m/c", "ln -s x /m/c", "chmod 777 /m/a",
                        "touch -d @0 /m/a", "truncate -s 0 /m/a", "rmdir /m/sub", "mkfifo /m/f"]:
            for options in ([f"{self.folder}:/m"], [f"{self.folder}:/m:ro"]):
                with self.subTest(attempt=attempt, mount=options):
                    done = script(attempt, "-v", *options)
                    self.assertNotEqual(done.code, 0, done)
                    self.assertIn("Read-only file system", done.err, done)
        self.assertEqual(snapshot(self.folder), before)
        self.assert_ok(script("cat /m/a /m/sub/b", "-v", f"{self.folder}:/m"), "text\nmore\n")

    def test_read_write(self):
        done = script("cd /m && echo new > c && mkdir d && mv a d/a && rm sub/b && ln -s c link && chmod 600 c",
                      "-v", f"{self.folder}:/m:rw")
        self.assert_ok(done)
        self.assertEqual((self.folder / "c").read_text(), "new\n")
        self.assertEqual((self.folder / "d" / "a").read_text(), "text\n")
        self.assertFalse((self.folder / "sub" / "b").exists())
        self.assertEqual(os.readlink(self.folder / "link"), "c")
        self.assertEqual((self.folder / "c").stat().st_mode & 0o7777, 0o600)

    def test_copy_on_write(self):
        before = snapshot(self.folder)
        done = script("cd /m && echo more >> a && cat a && rm -r sub && ls && mv a z && cat z",
                      "-v", f"{self.folder}:/m:cow")
        self.assert_ok(done, "text\nmore\na\ntext\nmore\n")
        self.assertEqual(snapshot(self.folder), before)

    def test_a_file(self):
        path = self.folder / "a"
        self.assert_ok(run("-v", f"{path}:/x/y/z", "--", "cat", "/x/y/z"), "text\n")
        done = script("echo no > /x/y/z", "-v", f"{path}:/x/y/z")
        self.assertIn("Read-only", done.err)
        self.assert_ok(script("echo yes > /f", "-v", f"{path}:/f:rw"))
        self.assertEqual(path.read_text(), "yes\n")

    def test_colons_in_the_host_path(self):
        odd = self.folder / "a:b"
        odd.mkdir()
        (odd / "f").write_text("odd\n")
        self.assert_ok(run("-v", f"{odd}:/m", "--", "cat", "/m/f"), "odd\n")
        self.assert_ok(run("-v", f"{odd}:/m:ro", "--", "cat", "/m/f"), "odd\n")

    def test_newlines_and_spaces_in_names(self):
        odd = self.folder / "two\nlines and  spaces"
        odd.mkdir()
        (odd / "f\ng").write_text("odd\n")
        self.assert_ok(run("-v", f"{odd}:/a\nb", "--", "cat", "/a\nb/f\ng"), "odd\n")
        done = script("ls -1 --zero /m; rm '/m/f\ng'; : > $'/m/x\\ny'", "-v", f"{odd}:/m:rw")
        self.assert_ok(done, "f\ng\0")
        self.assertEqual(os.listdir(odd), ["x\ny"])

    def test_relative_host_path(self):
        self.assert_ok(run("-v", "./sub:/m", "--", "cat", "/m/b", cwd=self.folder), "more\n")

    def test_over_the_home_and_tmp(self):
        done = script("pwd; ls; ls /tmp", "-v", f"{self.folder}:/home/user", "-v", f"{self.folder}/sub:/tmp")
        self.assert_ok(done, "/home/user\na\nsub\nb\n")

    def test_one_inside_another_in_any_order(self):
        outer, inner = f"{self.folder}:/m", f"{self.folder}/a:/m/sub/b"
        for mounts in ([outer, inner], [inner, outer]):
            done = script("cat /m/sub/b", *[x for mount in mounts for x in ("-v", mount)])
            self.assert_ok(done, "text\n")

    def test_refusals(self):
        here = str(self.folder)
        for mounts, words in [
                (["/no/such/folder:/m"], ["/no/such/folder", "No such file"]),
                ([f"{here}/a/b:/m"], ["Not a directory"]),
                ([f"{here}:relative"], ["absolute"]),
                ([f"{here}:/m", f"{here}:/m"], ["/m", "another mount"]),
                ([f"{here}:/m", f"{here}:/m/./"], ["another mount"]),
                ([f"{here}:/usr"], ["/usr", "another mount"]),
                ([f"{here}:/"], ["root"]),
                ([f"{here}:/m/../x"], [".."]),
                ([f"{here}:/usr/new"], ["/usr/new", "cannot be made"]),
                ([f"{here}:/m", f"{here}:/m/new"], ["/m/new", "cannot be made"]),
                ([f"{here}/a:/tmp"], ["/tmp"]),
                ([f"{here}:/etc/passwd"], ["/etc/passwd", "file"]),
                (["/dev/null:/m"], ["/dev/null"]),
                ([f"{here}:/m:rx"], ["ro, rw or cow"]),
                ([f"{here}"], ["colon"]),
                ([":/m"], ["host's path is missing"]),
                ([f"{here}:/{'n' * 256}"], ["255"]),
        ]:
            with self.subTest(mounts=mounts):
                options = [x for mount in mounts for x in ("-v", mount)]
                self.assert_refused(run(*options, "true"), OWN_ERROR, *words)

    def test_nothing_is_made_on_the_host(self):
        before = snapshot(self.folder)
        for mount in ("/m/new", "/m/sub/deep/er"):
            run("-v", f"{self.folder}:/m:rw", "-v", f"{self.folder}:{mount}", "true")
        self.assertEqual(snapshot(self.folder), before)

    def test_symlinks_lead_to_places_inside(self):
        (self.folder / "out").symlink_to("/etc/shadow")
        (self.folder / "up").symlink_to("../../../../../../etc/hostname")
        (self.folder / "in").symlink_to("/etc/passwd")
        done = script("cat /m/out; cat /m/up; cut -d: -f1 /m/in | sed -n 2p", "-v", f"{self.folder}:/m")
        self.assertEqual(done.out, "user\n", done)
        self.assertEqual(done.err.count("No such file"), 2, done)

    def test_special_files_do_not_open(self):
        os.mkfifo(self.folder / "fifo")
        done = script("timeout 5 cat /m/fifo; echo $?", "-v", f"{self.folder}:/m")
        self.assertIn("Permission denied", done.err, done)
        self.assertEqual(done.out, "1\n", done)


if __name__ == "__main__":
    unittest.main(verbosity=2)
