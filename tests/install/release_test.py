"""scripts/release: the same bytes every time, all parts on the list, and what it refuses.

CLOCHE_BUILD names a build folder, which is packed up as it is; that two builds of one commit are the
same is the affair of `scripts/release --twice`, which takes as long as that.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("CLOCHE_BUILD", ROOT / "build"))


def release(root, out, *options):
    return subprocess.run([root / "scripts" / "release", "--snapshot", "--from", BUILD, "--out", out, *options],
                          env={**os.environ, "XZ_OPT": "-0"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


class Release(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cloche-release-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def made(self, name):
        done = release(ROOT, self.folder / name)
        self.assertEqual(done.returncode, 0, done.stdout)
        return {file.name: file.read_bytes() for file in (self.folder / name).iterdir()}

    def test_the_same_every_time(self):
        first, second = self.made("first"), self.made("second")
        self.assertEqual(sorted(first), sorted(second))
        self.assertEqual(len(first), 4)
        for name, data in first.items():
            self.assertEqual(data, second[name], name)
        self.look_into(self.folder / "first")

    def look_into(self, folder):
        archive, = folder.glob("*-linux-x86_64.tar.xz")
        with tarfile.open(archive) as files:
            entries = files.getmembers()
        for entry in entries:
            self.assertEqual((entry.uid, entry.gid, entry.mode & 0o022), (0, 0, 0), entry.name)
        names = {"/".join(entry.name.split("/")[1:]) for entry in entries}
        for name in ("bin/cloche", "lib/libcloche.a", "lib/libcloche.so.1", "lib/pkgconfig/cloche.pc",
                     "include/cloche/cloche.h", "share/cloche/cloche.pack", "share/doc/cloche/LICENSE",
                     "share/doc/cloche/THIRD-PARTY.txt", "share/doc/cloche/sbom.cdx.json"):
            self.assertIn(name, names)
        listed, = folder.glob("*.cdx.json")
        parts = json.loads(listed.read_text())
        self.assertEqual((parts["bomFormat"], parts["specVersion"]), ("CycloneDX", "1.5"))
        refs = [part["bom-ref"] for part in parts["components"]]
        self.assertEqual(len(refs), len(set(refs)))
        for part in parts["components"]:
            self.assertTrue(part["version"] and part["licenses"][0]["expression"], part)
        self.assertLessEqual({"wasmtime", "re2", "zstd", "musl", "bash", "compiler-rt", "quickjs"},
                             {part["name"] for part in parts["components"]})
        sums = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=False)
        self.assertEqual(sums.returncode, 0)

    def copy(self):
        """The repository in another folder, to be changed."""
        copy = self.folder / "copy"
        subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, copy], check=True)
        for name in ("scripts/release", "library/budget.txt", "SECURITY.md"):
            shutil.copy(ROOT / name, copy / name)
        return copy

    def test_refused(self):
        copy = self.copy()
        security = copy / "SECURITY.md"
        text = security.read_text()
        security.write_text(text.replace("pins **wasmtime ", "pins **wasmtime 1"))
        done = release(copy, self.folder / "out")
        self.assertEqual(done.returncode, 1)
        self.assertIn("release: SECURITY.md does not say", done.stdout)
        security.write_text(text)

        (copy / "library" / "budget.txt").write_text("1 bin/cloche\n")
        done = release(copy, self.folder / "out")
        self.assertEqual(done.returncode, 1)
        self.assertIn("release: a file is above its budget", done.stdout)

        (copy / "CHANGELOG.md").write_text("## [Unreleased]\n")
        done = subprocess.run([copy / "scripts" / "release", "--from", BUILD, "--out", self.folder / "out"],
                              stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("CHANGELOG.md has no heading", done.stderr)


if __name__ == "__main__":
    if not (ROOT / ".git").exists():
        print("no git repository: nothing to release")
        sys.exit(77)
    unittest.main(verbosity=2)
