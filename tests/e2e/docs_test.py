"""The documentation is true: code in it runs, links lead somewhere, no page is forgotten.

Fences of ```console are the affair of readme_test.py. Of the others:

  c, c++      the body of main(), or a program; built with the library of CLOCHE_BUILD, in a folder that has
              data/list and build/cloche.pack, and run. Each comment `// prints TEXT` is a line of its output
  js, python  runs inside, with the tools get_price, a/b and mail/send
  json        is JSON, one text or one a line; what has "version" is a good policy
  text        is no code
  python host runs outside, with the Python package: tests/python/docs_test.py and integrations/docs_test.py there
  ... no-run  cannot run here

A fence that says nothing of that is a mistake.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import support

BUILD = pathlib.Path(os.environ.get("CLOCHE_BUILD", support.ROOT / "build"))
LANGUAGES = {"console", "c", "c++", "js", "python", "json", "text"}
INCLUDES = {"c": "#include <cloche/cloche.h>\n#include <stdio.h>\n#include <string.h>\n",
            "c++": "#include <cloche/cloche.hpp>\n#include <unistd.h>\n#include <cstdio>\n"}
LINK = re.compile(r"(?<!!)\[(?:[^][]|\[[^]]*\])*\]\(([^()\s]+)\)")
TOOLS = [word for name in ("get_price", "a/b", "mail/send")
         for word in ("--tool", f"{name}=echo 42", "--allow-tool", name)]


def pages():
    root = support.ROOT
    return [root / "README.md", root / "CONTRIBUTING.md", root / "SECURITY.md", root / "guest" / "sdk" / "README.md",
            *sorted((root / "docs").rglob("*.md"))]


def fences(path):
    """(line, info string, body) of each."""
    found, inside = [], False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("```"):
            if not inside:
                found.append((number, line[3:].strip(), []))
            inside = not inside
        elif inside:
            found[-1][2].append(line + "\n")
    return [(number, info, "".join(body)) for number, info, body in found]


def anchors(path):
    """Those that headings have, as GitHub and the site make them."""
    found, inside = set(), False
    for line in path.read_text().splitlines():
        inside ^= line.startswith("```")
        if not inside and line.startswith("#"):
            words = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
            found.add(words.replace(" ", "-"))
    return found


class Code(support.TestCase):
    def setUp(self):
        super().setUp()
        (self.folder / "data").mkdir()
        (self.folder / "data" / "list").write_text("b\na\n")
        (self.folder / "build").symlink_to(pathlib.Path(support.PACK).parent)

    def run_native(self, language, body):
        suffix, compiler = (".c", ["gcc", "-std=c11"]) if language == "c" else (".cc", ["g++", "-std=c++20"])
        source, program = self.folder / f"block{suffix}", self.folder / "block"
        main = body if "int main(" in body else f"int main(void) {{\n{body}return 0;\n}}\n"
        source.write_text(INCLUDES[language] + main)
        library = BUILD / "library"
        built = subprocess.run([*compiler, f"-I{support.ROOT}/include", source, "-o", program, f"-L{library}",
                                "-lcloche", f"-Wl,-rpath,{library}"], capture_output=True, text=True, check=False)
        self.assertEqual(built.returncode, 0, built.stderr)
        done = subprocess.run([program], cwd=self.folder, env={**os.environ, "CLOCHE_PACK": support.PACK},
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        expected = re.findall(r"// prints (.*)$", body, re.MULTILINE)
        self.assertEqual([line for line in done.stdout.splitlines() if line], expected)

    def run_inside(self, program, body):
        self.assert_ok(support.run(*TOOLS, "--", program, "-c" if program == "python3" else "-e", body))

    def check_json(self, body):
        try:
            values = [json.loads(body)]
        except ValueError:
            values = [json.loads(line) for line in body.splitlines()]
        for value in values:
            if "version" in value:
                path = self.folder / "policy.json"
                path.write_text(json.dumps(value))
                self.assert_ok(support.command("check", path))

    def test_code_blocks(self):
        seen = set()
        for path in pages():
            for number, info, body in fences(path):
                with self.subTest(file=path.name, line=number):
                    language, _, rest = info.partition(" ")
                    self.assertIn(rest, ("", "no-run", "host"))
                    if rest == "no-run" or info == "python host":
                        continue
                    self.assertEqual(rest, "")
                    self.assertIn(language, LANGUAGES, "say in which language it is, text, or no-run")
                    seen.add(language)
                    if language in ("c", "c++"):
                        self.run_native(language, body)
                    elif language == "json":
                        self.check_json(body)
                    elif language in ("js", "python"):
                        self.run_inside("js" if language == "js" else "python3", body)
        self.assertEqual(seen, LANGUAGES, "blocks of these languages were not found")


class Pages(unittest.TestCase):
    def assert_leads_somewhere(self, path, target):
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        self.assertTrue(there.exists(), f"{path}: {target} is not there")
        self.assertTrue(there.is_relative_to(support.ROOT), f"{path}: {target} is not ours")
        if anchor:
            self.assertIn(anchor, anchors(there), f"{path}: {target}")

    def test_links(self):
        seen = 0
        for path in [*pages(), support.ROOT / "docs" / "llms.txt", support.ROOT / "CHANGELOG.md"]:
            text = re.sub(r"^```.*?^```|`[^`\n]*`", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
            for target in LINK.findall(text):
                if not re.match(r"[a-z]+:", target):
                    seen += 1
                    self.assert_leads_somewhere(path, target)
        self.assertGreater(seen, 50)

    def test_every_page_is_in_the_site_and_in_the_list(self):
        site = (support.ROOT / "docs" / "site" / "mkdocs.yml").read_text()
        listed = (support.ROOT / "docs" / "README.md").read_text()
        for path in sorted((support.ROOT / "docs").glob("*.md")):
            self.assertRegex(site, rf"(?m): {re.escape(path.name)}$")
            if path.name != "README.md":
                self.assertIn(f"({path.name})", listed)


if __name__ == "__main__":
    unittest.main(verbosity=2)
