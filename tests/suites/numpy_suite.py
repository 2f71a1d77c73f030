#!/usr/bin/env python3
"""Runs numpy's own tests natively and inside, and compares each outcome with a recorded list.

  numpy_suite.py PLAN.json LIST.txt [--record] [--jobs N] [PATTERN...]

PLAN.json, made by scripts/suite-numpy: {"tests": a folder with numpy and its tests, "library": a folder with
pytest, "native": a Python of this machine, "native_numpy": a folder with its numpy, "cloche": the command}.

LIST.txt names what passes natively but not inside, as `PATTERN  reason`; a * in it stands for anything. As in
suite.py the list is the truth both ways: a test that fails unlisted is wrong, and so is a line of which no test
fails. PATTERN: only test files with this in their names.

Exit status: 0 as recorded, 1 not as recorded.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from suite import read_list

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT = 1200  # seconds for a file of tests, inside
PYTEST = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-p', 'numpy_plugin', '-m', 'not slow']


def read_outcomes(path):
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(reversed(line.split(' ', 1)) for line in lines)


def run_native(plan, file, folder):
    outcomes = folder / 'outcomes'
    root = plan['native_numpy']
    env = dict(os.environ, PYTHONPATH=f'{HERE}:{root}:{plan["library"]}', OUTCOMES=str(outcomes),
               PYTHONDONTWRITEBYTECODE='1')
    subprocess.run([plan['native'], *PYTEST, '--rootdir', root, f'{root}/numpy/{file}'], env=env, cwd=folder,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TIMEOUT, check=False)
    return read_outcomes(outcomes)


def run_inside(plan, file, folder):
    command = [plan['cloche'], 'run', '--quiet', '--timeout', f'{TIMEOUT}s', '--memory', '2G',
               '-v', f'{plan["tests"]}:/tests', '-v', f'{plan["library"]}:/library', '-v', f'{HERE}:/plugin',
               '-v', f'{folder}:/out:rw', '-e', 'PYTHONPATH=/plugin:/tests:/library', '-e', 'OUTCOMES=/out/outcomes',
               '-e', 'PYTHONDONTWRITEBYTECODE=1', '-w', '/tmp', '--', 'python3', *PYTEST, '--rootdir',
               '/tests', f'/tests/numpy/{file}']
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT + 60,
                          stdin=subprocess.DEVNULL, check=False)
    return read_outcomes(folder / 'outcomes'), done.stdout.decode(errors='replace')


def run_file(plan, file):
    with tempfile.TemporaryDirectory(prefix='cloche-suite.') as name:
        folder = pathlib.Path(name)
        (folder / 'native').mkdir()
        (folder / 'inside').mkdir()
        native = run_native(plan, file, folder / 'native')
        inside, output = run_inside(plan, file, folder / 'inside')
        return file, native, inside, output


def matcher(patterns):
    """What says which of the patterns a name matches first, or None."""
    compiled = [(pattern, re.compile('.*'.join(map(re.escape, pattern.split('*'))))) for pattern in patterns]
    return lambda name: next((pattern for pattern, regex in compiled if regex.fullmatch(name)), None)


def print_table(results, failed):
    rows = collections.defaultdict(collections.Counter)
    for file, native, inside, _ in results:
        row = rows[file.split('/tests/')[0] if '/tests/' in file else 'numpy']
        row['native'] += sum(outcome == 'passed' for outcome in native.values())
        row['inside'] += sum(outcome == 'passed' for outcome in inside.values())
        row['skipped'] += sum(outcome == 'skipped' for outcome in inside.values())
        row['failed'] += len(failed[file])
    print(f'{"module":<14}{"native passes":>15}{"inside passes":>15}{"inside skips":>14}{"fails inside only":>19}')
    for name, row in sorted(rows.items()):
        print(f'{name:<14}{row["native"]:>15}{row["inside"]:>15}{row["skipped"]:>14}{row["failed"]:>19}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('plan', type=pathlib.Path)
    parser.add_argument('list', type=pathlib.Path)
    parser.add_argument('--record', action='store_true', help='add what fails to the list, with ? as its reason')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('patterns', nargs='*', metavar='PATTERN')
    arguments = parser.parse_intermixed_args()
    plan = json.loads(arguments.plan.read_text())
    root = pathlib.Path(plan['tests']) / 'numpy'
    files = sorted(str(path.relative_to(root)) for path in root.rglob('tests/test_*.py'))
    if arguments.patterns:
        files = [file for file in files if any(pattern in file for pattern in arguments.patterns)]
    if not files:
        sys.exit('numpy_suite.py: no file of tests has a name like that')
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda file: run_file(plan, file), files))

    recorded = read_list(arguments.list)
    listed = matcher(recorded)
    failed, wrong, used = {}, [], set()
    for file, native, inside, output in results:
        # What is skipped inside is so by numpy's own rules for machines such as this.
        failed[file] = [name for name, outcome in native.items()
                        if outcome == 'passed' and inside.get(name) not in ('passed', 'skipped')]
        unlisted = [name for name in failed[file] if listed(name) is None]
        used.update(listed(name) for name in failed[file])
        wrong += [f'{name}: passes natively, inside: {inside.get(name, "not run")}' for name in unlisted]
        if unlisted and arguments.patterns:
            print(output[-20000:])
    if not arguments.patterns:
        wrong += [f'{pattern}: recorded, but nothing of that name fails' for pattern in recorded if pattern not in used]
    print_table(results, failed)
    if arguments.record:
        with arguments.list.open('a') as out:
            out.writelines(f'{line.split(": passes")[0]}  ?\n' for line in wrong if ': passes' in line)
    print(*wrong, sep='\n')
    print(f'{len(files)} files, {sum(map(len, failed.values()))} tests fail inside only, {len(wrong)} not as recorded')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
