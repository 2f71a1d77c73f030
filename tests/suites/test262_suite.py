#!/usr/bin/env python3
"""Runs test262 by QuickJS's runner natively and inside, and compares each outcome with a recorded list.

  test262_suite.py FOLDER NATIVE_RUNNER CLOCHE LIST.txt [--record] [--every N] [--jobs N] [PATTERN...]
  test262_suite.py --make SPIDERMONKEY'S_TESTS NEW_FOLDER

FOLDER, made by scripts/suite-test262, has test262, test262.conf and run-test262.wasm, the runner for inside.

LIST.txt names what passes natively but not inside, one `PATH  reason` a line. As in suite.py the list is the
truth both ways: a test that fails unlisted is wrong, and so is a listed one that passes.

Exit status: 0 as recorded, 1 not as recorded.
"""

import argparse
import collections
import concurrent.futures
import pathlib
import re
import subprocess
import sys

from suite import read_list, record

BATCH = 400  # tests of one process
TIMEOUT = 900  # seconds for one process
# What a test printed may end without a newline before it.
STARTED = re.compile(r"\d+: (test262/test/\S+)(.*)$")
DONE = """function $DONE(error) {
  if (!error) return print('Test262:AsyncTestComplete');
  print('Test262:AsyncTestFailure:' + (typeof error === 'object' && error !== null && 'name' in error
    ? error.name + ': ' + error.message : 'Test262Error: ' + String(error)));
}
"""


def make(source, target):
    """The layout of upstream: SpiderMonkey has put the harness's files into shell.js of the folders that want
    them, added strict copies of tests, a first line for its own runner and a last one for its own harness."""
    harness = target / "harness"
    harness.mkdir(parents=True)
    for shell in sorted(source.rglob("shell.js")):
        pieces = re.split(r"^// file: (\S+)\n", shell.read_text(), flags=re.M)
        for name, text in zip(pieces[1::2], pieces[2::2]):
            (harness / name).write_text(text)
    (harness / "doneprintHandle.js").write_text(DONE)
    for file in sorted(source.rglob("*.js")):
        if file.name in ("shell.js", "browser.js"):
            continue
        if file.name.endswith("-strict.js") and file.with_name(file.name[:-10] + ".js").exists():
            continue
        text = file.read_bytes()
        text = re.sub(rb"\A// \|reftest\|[^\n]*\n", b"", text)
        text = re.sub(rb"\n*reportCompare\(0, 0\);\s*\Z", b"\n", text)
        copy = target / "test" / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(text)


def outcomes(report, names):
    """The outcome of each test that the runner began with, and whether it got to the end of the last."""
    found, last = {}, None
    for line in report.splitlines():
        started = STARTED.search(line)
        if started:
            last = started[1]
            found[last] = "skipped" if "SKIPPED" in started[2] else "passed"
        elif line.endswith("  FAILED") and last:
            found[last] = "failed"
    return {name: found[name] for name in names if name in found}


def run_batch(command, folder, names, number):
    """Runs the tests, again from the next one when the runner ends before its time."""
    results = {}
    while names:
        chosen = folder / f"list-{number}"  # in here: the runner takes names from there
        chosen.write_text("\n".join(names) + "\n")
        try:
            done = subprocess.run([*command, "-c", "test262.conf", "-a", "-r", "-", chosen.name], cwd=folder,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT + 60,
                                  check=False)
            report, complete = done.stdout, b"Result: " in done.stderr
        except subprocess.TimeoutExpired as late:
            report, complete = late.stdout or b"", False
        found = outcomes(report.decode(errors="replace"), names)
        results |= found
        if complete:
            break
        culprit = list(found)[-1] if found else names[0]
        results[culprit] = "crashed"
        names = names[names.index(culprit) + 1:]
    return results


def print_table(native, inside):
    rows = collections.defaultdict(collections.Counter)
    for name, outcome in native.items():
        row = rows[name.split("/")[2]]
        row[outcome] += 1
        row["inside"] += outcome == "passed" and inside.get(name) == "passed"
    print(f"{'part':<14}{'passes natively':>16}{'of these inside':>16}{'fails natively':>16}{'skipped':>9}")
    total = sum(rows.values(), collections.Counter())
    for name, row in [*sorted(rows.items()), ("all", total)]:
        print(f"{name:<14}{row['passed']:>16}{row['inside']:>16}{row['failed'] + row['crashed']:>16}{row['skipped']:>9}")


def choose(folder, every, patterns):
    names = [str(path.relative_to(folder)) for path in sorted((folder / "test262" / "test").rglob("*.js"))
             if not path.name.endswith("_FIXTURE.js")]
    return [name for name in names[::every] if not patterns or any(word in name for word in patterns)]


def main():
    if sys.argv[1:2] == ["--make"]:
        return make(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("runner")
    parser.add_argument("cloche")
    parser.add_argument("list", type=pathlib.Path)
    parser.add_argument("--record", action="store_true", help="rewrite the list; keeps reasons")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("patterns", nargs="*")
    args = parser.parse_intermixed_args()
    names = choose(args.folder, args.every, args.patterns)
    if not names:
        sys.exit("test262_suite.py: no test has a path like that")

    inside_command = [args.cloche, "run", "--quiet", "--timeout", f"{TIMEOUT}s", "--cpu-time", "0", "--memory", "1G", "-v",
                      f"{args.folder}:/t", "-w", "/t", "--", "./run-test262.wasm"]
    batches = [names[start:start + BATCH] for start in range(0, len(names), BATCH)]

    def both(number):
        native = run_batch([args.runner], args.folder, batches[number], number)
        inside = run_batch(inside_command, args.folder, batches[number], number)
        return native, inside

    native, inside = {}, {}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for number, (one, other) in enumerate(pool.map(both, range(len(batches))), 1):
            native |= one
            inside |= other
            print(f"[{number}/{len(batches)}] {batches[number - 1][0]}", file=sys.stderr, flush=True)
    print_table(native, inside)

    recorded = read_list(args.list)
    failed = [name for name in names if native.get(name) == "passed" and inside.get(name) != "passed"]
    if args.record:
        record(args.list, [(name, "pass", inside.get(name), b"") for name in failed], recorded)
        return 0
    wrong = [f"{name}: passes natively, inside: {inside.get(name)}; not recorded" for name in failed if name not in recorded]
    wrong += [f"{name}: passes now: take it off the list" for name in recorded if native.get(name) == inside.get(name) == "passed"]
    # What the native runner fails must fail inside, too: the runner would not be the same otherwise.
    wrong += [f"{name}: {native[name]} natively, inside: {inside.get(name)}" for name in native
              if native[name] != "passed" and native[name] != inside.get(name) and name not in recorded]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
