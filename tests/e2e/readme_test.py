"""Runs the examples of the documentation: every ```console block of the files named below.

A line that begins with "$ " is a command, those that begin with "> " go on with it; the lines after it, up to the next one, are what it must
print, stdout and stderr together. "[exit code N]" at the end says that it fails with N. The blocks of
one file run in one temporary folder, in order, with `cloche` on PATH, `examples` beside them and, where
a file speaks of it, $SYSROOT: the guest's C++ sysroot.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import support

FILES = ["README.md", "guest/sdk/README.md",
         *sorted(str(p.relative_to(support.ROOT)) for p in (support.ROOT / "docs").glob("*.md"))]
EXIT_CODE = re.compile(r"^\[exit code (\d+)\]$")


def examples(text):
    """(line number, command, expected output, expected exit code) of each example."""
    inside, found = False, []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            inside = line.strip() == "```console"
        elif inside and line.startswith("$ "):
            found.append([number, line[2:], "", 0])
        elif inside and line.startswith("> "):
            found[-1][1] += "\n" + line[2:]
        elif inside and EXIT_CODE.match(line):
            found[-1][3] = int(EXIT_CODE.match(line).group(1))
        elif inside:
            found[-1][2] += line + "\n"
    return found


def cxx_sysroot():
    """Builds it where scripts/build --tests has not."""
    done = subprocess.run([support.ROOT / "scripts" / "build-cxx"], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


class Examples(unittest.TestCase):
    maxDiff = 4000

    def test_examples(self):
        seen = 0
        for name in FILES:
            text = (support.ROOT / name).read_text()
            rows = examples(text)
            if not rows:
                continue
            folder = pathlib.Path(tempfile.mkdtemp(prefix="cloche-readme-"))
            self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
            (folder / "bin").mkdir()
            (folder / "bin" / "cloche").symlink_to(os.path.abspath(support.CLOCHE))
            (folder / "work").mkdir()
            (folder / "run").mkdir(mode=0o700)  # no other sandboxes are seen
            (folder / "work" / "examples").symlink_to(support.ROOT / "examples")
            environment = dict(os.environ, CLOCHE_PACK=os.path.abspath(support.PACK),
                               XDG_RUNTIME_DIR=str(folder / "run"),
                               PATH=f"{folder}/bin:{os.environ['PATH']}")
            if "$SYSROOT" in text:
                environment["SYSROOT"] = cxx_sysroot()
            for number, command, expected, code in rows:
                seen += 1
                with self.subTest(file=name, line=number, command=command):
                    done = subprocess.run(["bash", "-c", command], cwd=folder / "work", env=environment,
                                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                          stderr=subprocess.STDOUT, timeout=120, check=False)
                    self.assertEqual(done.stdout.decode(), expected)
                    self.assertEqual(done.returncode, code)
        self.assertGreater(seen, 10, "the examples were not found")


if __name__ == "__main__":
    support.command("warm", "bash", "coreutils", "grep", timeout=300)  # no progress in the outputs
    unittest.main(verbosity=2)
