"""Plugin of pytest for scripts/suite-numpy: writes one line for each test to the file $OUTCOMES.

Where there is no ctypes: many of numpy's test files import it and few of their tests use it. Those get
classes without meaning, and fail one by one.
"""

import os
import sys
import types

import numpy  # looks for ctypes first

try:
    import ctypes
except ImportError:
    def name_of(name):
        if name.startswith('__'):
            raise AttributeError(name)
        return type(name, (), {})

    ctypes = types.ModuleType('ctypes')
    ctypes.__getattr__ = name_of
    sys.modules['ctypes'] = ctypes

outcomes = {}


def test_name(nodeid):
    """Without blanks, so that a name is a word."""
    return nodeid.removeprefix('numpy/').replace(' ', '_').encode('ascii', 'backslashreplace').decode().replace('\n', '\\n')


def pytest_runtest_logreport(report):
    before = outcomes.get(test_name(report.nodeid))
    if report.when == 'call' or report.outcome != 'passed':
        if before != 'failed':
            outcomes[test_name(report.nodeid)] = report.outcome


def pytest_collectreport(report):
    if report.failed:
        outcomes[test_name(report.nodeid)] = 'failed'


def pytest_sessionfinish():
    with open(os.environ['OUTCOMES'], 'w', encoding='ascii') as out:
        out.writelines(f'{outcome} {name}\n' for name, outcome in outcomes.items())
