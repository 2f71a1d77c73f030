"""docs_test FILE...: runs the blocks of Python in documents. Those of one document share their names,
as in one session; one with >>> is checked by doctest. Each document runs in a folder of its own with
data/names.txt in it."""

import doctest
import os
import re
import sys
import tempfile
from pathlib import Path

_BLOCK = re.compile(r"^```python(?: host)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def run(document: Path) -> int:
    text = document.read_text()
    names: dict[str, object] = {"__name__": document.name}
    failures = 0
    for block in _BLOCK.finditer(text):
        line = text[: block.start()].count("\n") + 1
        code = block[1]
        if ">>>" in code:
            test = doctest.DocTestParser().get_doctest(code, names, document.name, str(document), line)
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
            runner.run(test, clear_globs=False)
            names.update(test.globs)
            failures += runner.failures
        else:
            exec(compile("\n" * line + code, str(document), "exec"), names)
    print(f"{document.name}: {len(_BLOCK.findall(text))} blocks, {failures} failures")
    return failures


total = 0
for argument in [Path(argument).resolve() for argument in sys.argv[1:]]:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("data").mkdir()
        Path("data/names.txt").write_text("bob\namy\nbob\n")
        total += run(argument)
        os.chdir("/")
sys.exit(1 if total else 0)
