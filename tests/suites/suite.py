#!/usr/bin/env python3
"""Runs an upstream test suite natively and inside, and compares the two with a recorded list.

  suite.py PLAN.json LIST.txt [--record] [--jobs N] [--json FILE] [PATTERN...]

PLAN.json, made by scripts/suite-NAME:
  {"name": "bash", "tests": ["array", ...], "timeout": 120, "pass": [0], "skip": [77],
   "native": ["sh", "-c", "...", "{test}"], "inside": ["cloche", "run", ..., "{test}"],
   "scratch": "a folder copied for each native run, or null",
   "inside_of": {"array": ["cloche", "run", ...]}}, optional: another command for some tests
"{test}" is replaced by the test's name, "{scratch}" by a fresh folder.

LIST.txt names what passes natively but not inside, one `NAME  reason` a line. The run fails when a
test that is not listed fails inside, or a listed one passes: the list is the truth, both ways. Tests
that do not pass natively prove nothing and are only counted.

Exit status: 0 as recorded, 1 not as recorded, 2 wrong usage.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

PASS, SKIP, FAIL, TIMEOUT = 'pass', 'skip', 'fail', 'timeout'
KILL_AFTER = 15  # seconds that the inside run may take longer than its own time limit
OUTPUT_KEPT = 4000


def read_list(path):
    recorded = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        if line.strip() and not line.startswith('#'):
            name, _, reason = line.partition(' ')
            recorded[name] = reason.strip()
    return recorded


def run_side(plan, command, test, limit):
    """(verdict, output) of one run."""
    with tempfile.TemporaryDirectory(prefix='cloche-suite.') as folder:
        scratch = pathlib.Path(folder) / 'tests'
        if plan.get('scratch'):
            shutil.copytree(plan['scratch'], scratch, symlinks=True)
        else:
            scratch.mkdir()
        os.chmod(folder, 0o755)  # the native side may run as another user
        os.chmod(scratch, 0o777)
        words = [w.replace('{test}', test).replace('{scratch}', str(scratch)) for w in command]
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True, cwd=scratch)
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return TIMEOUT, output
        make_removable(folder)
    if process.returncode in plan['pass']:
        return PASS, output
    if process.returncode in plan['skip']:
        return SKIP, output
    return (TIMEOUT if process.returncode == 124 else FAIL), output


def make_removable(folder):
    """Tests leave folders behind that nobody may enter."""
    for path, names, _ in os.walk(folder):
        for name in names:
            entry = os.path.join(path, name)
            if not os.path.islink(entry):
                os.chmod(entry, 0o700)


def run_test(plan, test):
    native, _ = run_side(plan, plan['native'], test, plan['timeout'])
    if native != PASS:
        return test, native, None, b''
    command = plan.get('inside_of', {}).get(test, plan['inside'])
    inside, output = run_side(plan, command, test, plan['timeout'] + KILL_AFTER)
    return test, native, inside, output


def judge(results, recorded, chosen_all):
    """The ways in which the results are not as recorded, as lines."""
    wrong = []
    for test, native, inside, _ in results:
        if native != PASS:
            continue
        if inside != PASS and test not in recorded:
            wrong.append(f'{test}: passes natively, inside: {inside}; not recorded')
        if inside == PASS and test in recorded:
            wrong.append(f'{test}: passes now: take it off the list')
    if chosen_all:
        names = {test for test, *_ in results}
        wrong += [f'{test}: recorded, but there is no such test'
                  for test in recorded if test not in names]
    return wrong


def record(path, results, recorded):
    head = [line for line in (path.read_text().splitlines() if path.exists() else [])
            if line.startswith('#')]
    rows = []
    for test, native, inside, _ in results:
        if native == PASS and inside != PASS:
            rows.append(f'{test}  {recorded.get(test, "?")}')
    path.write_text('\n'.join(head + sorted(rows)) + '\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('plan', type=pathlib.Path)
    parser.add_argument('list', type=pathlib.Path)
    parser.add_argument('--record', action='store_true', help='rewrite the list; keeps reasons')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--json', type=pathlib.Path, help='write every verdict and output here')
    parser.add_argument('patterns', nargs='*')
    args = parser.parse_intermixed_args()
    plan = json.loads(args.plan.read_text())
    tests = [t for t in plan['tests'] if not args.patterns or any(p in t for p in args.patterns)]
    if not tests:
        sys.exit('suite.py: no test has a name like that')

    results = []
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for number, result in enumerate(pool.map(lambda t: run_test(plan, t), tests), 1):
            test, native, inside, output = result
            results.append(result)
            print(f'[{number}/{len(tests)}] {test}: native {native}, inside {inside or "-"}', flush=True)
            if inside not in (None, PASS) and args.patterns:
                print(output.decode(errors='replace')[-OUTPUT_KEPT:])

    recorded = read_list(args.list)
    if args.json:
        args.json.write_text(json.dumps([
            {'test': t, 'native': n, 'inside': i, 'output': o.decode(errors='replace')[-OUTPUT_KEPT:]}
            for t, n, i, o in results], indent=1))
    if args.record:
        record(args.list, results, recorded)
        recorded = read_list(args.list)
    wrong = judge(results, recorded, not args.patterns)
    for line in wrong:
        print('NOT AS RECORDED', line)
    native = [r for r in results if r[1] == PASS]
    both = sum(1 for r in native if r[2] == PASS)
    print(f'suite {plan["name"]}: {len(results)} tests, {len(native)} pass natively, '
          f'{both} of these inside, {len(native) - both} not, '
          f'{len(wrong)} not as recorded')
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
