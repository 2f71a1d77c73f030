"""NumPy inside (docs/python.md): that it is simply there, computes what it computes elsewhere, and how it ends.

Skipped as a whole where scripts/build was not asked for the pack (--numpy).
"""

import json
import pathlib
import sys
import unittest

import support
from support import TestCase, command, run

SKIPPED = 77


class NumPy(TestCase):
    def python(self, program, *options, **rest):
        return run("--quiet", *options, "--", "python3", "-c", "import numpy as np\n" + program, **rest)

    def assert_prints(self, program, expected, *options, **rest):
        self.assert_ok(self.python(program, *options, **rest), expected)

    def test_is_there_without_a_word(self):
        done = run("--", "python3", "-c", "import numpy; print(numpy.__version__, numpy.__file__)")
        self.assert_ok(done, "2.2.6 /usr/lib/python3.13/site-packages/numpy/__init__.py\n")
        self.assertEqual(done.err, "")

    def test_every_module_of_the_program_can_be_imported(self):
        self.assert_prints("""
import importlib, sys
names = [name for name in sys.builtin_module_names if name.startswith('numpy.')]
print(len(names) > 15, [name for name in names if importlib.import_module(name).__name__ != name])
""", "True ['numpy.fft._pocketfft_umath']\n")  # which has another one's name everywhere

    def test_the_machine(self):
        self.assert_prints("print(np.intp(0).itemsize, np.dtype(int).itemsize, np.finfo(np.longdouble).nmant)", "4 4 112\n")

    def test_linear_algebra(self):
        self.assert_prints("""
a = np.array([[4., 1, 2], [1, 3, 0], [2, 0, 5]])
print(np.linalg.inv(a).round(6).tolist()[0], round(np.linalg.det(a), 6))
print(np.linalg.eigvalsh(a).round(6), np.linalg.svd(a)[1].round(6), np.linalg.eigvals(a.astype(complex)).size)
print(np.allclose(a @ np.linalg.solve(a, np.eye(3)), np.eye(3)))
try: np.linalg.inv(np.zeros((2, 2)))
except np.linalg.LinAlgError as error: print(error)
""", "[0.348837, -0.116279, -0.139535] 43.0\n"
     "[1.854897 3.476024 6.669079] [6.669079 3.476024 1.854897] 3\nTrue\nSingular matrix\n")

    def test_fourier(self):
        self.assert_prints("x = np.arange(12.) % 5; y = np.fft.fft(x); print(y[1].round(4), np.allclose(np.fft.ifft(y), x))",
                           "(-3.5-0.5981j) True\n")

    def test_random_numbers_are_those_of_elsewhere(self):
        self.assert_prints("""
from numpy.random import MT19937, PCG64, Philox, SFC64, Generator, RandomState
print([int(Generator(kind(7)).integers(10 ** 9)) for kind in (MT19937, PCG64, Philox, SFC64)])
print(np.random.default_rng(7).normal(size=2).round(6), np.random.default_rng(7).poisson(40, 5))
print(RandomState(7).randint(0, 100, 5), RandomState(7).poisson(40, 5), RandomState(7).multinomial(9, [.2, .3, .5]))
""", "[306304604, 944904955, 268638591, 977788854]\n[0.00123  0.298746] [42 45 36 46 36]\n"
     "[47 68 25 67 83] [29 39 40 35 43] [0 4 5]\n")

    def test_text_and_files(self):
        self.assert_prints("""
import io
print(np.loadtxt(io.StringIO("1,2\\n3,4"), delimiter=",").sum(), np.array2string(np.linspace(0, 1, 3)))
np.savez_compressed("/tmp/a.npz", x=np.arange(5)); print(np.load("/tmp/a.npz")["x"])
m = np.memmap("/tmp/m", dtype="u1", mode="w+", shape=4); m[:] = 7; m.flush(); print(open("/tmp/m", "rb").read())
print(np.datetime64("2024-02-29") + 366, np.array(["b", "a"]).argsort(), np.char.upper(np.array(["x"])))
""", "10.0 [0.  0.5 1. ]\n[0 1 2 3 4]\nb'\\x07\\x07\\x07\\x07'\n2025-03-01 [1 0] ['X']\n")

    def test_processes_and_threads(self):
        self.assert_prints("""
import concurrent.futures, multiprocessing
with concurrent.futures.ThreadPoolExecutor(4) as pool: print(sum(pool.map(lambda n: int(np.arange(n).sum()), range(100))))
with multiprocessing.get_context("fork").Pool(2) as pool: print(pool.map(np.square, [np.arange(3), np.arange(2)]))
""", "161700\n[array([0, 1, 4]), array([0, 1])]\n")

    def test_no_status_of_floating_point(self):
        """As docs/python.md says: results are right, warnings do not come."""
        self.assert_prints("""
import warnings
warnings.simplefilter("error")
with np.errstate(all="raise"): print(np.array([1., 0., -1.]) / 0)
""", "[ inf  nan -inf]\n")

    def test_what_numpy_itself_finds_is_told(self):
        self.assert_prints("""
import warnings
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    np.array([1, 2]) // 0
    np.int8(100) + np.int8(100)
print([str(warning.message) for warning in told])
""", "['divide by zero encountered in floor_divide', 'overflow encountered in scalar add']\n")

    def test_memory_ends_with_an_error(self):
        self.assert_prints("""
try: np.ones(64 << 20, dtype="u1").repeat(4)
except MemoryError as error: print(type(error).__mro__[1].__name__)
""", "MemoryError\n", "--memory", "128M")

    def test_virtual_environments_that_ask_for_it_have_it(self):
        done = run("--quiet", "-c", "python3 -m venv --system-site-packages ~/env && ~/env/bin/pip list --format=freeze &&"
                   " ~/env/bin/python -c 'import numpy, sys; print(numpy.arange(3).sum(), sys.prefix)'", timeout=120)
        self.assertIn("numpy==2.2.6\n", done.out)
        self.assertTrue(done.out.endswith("3 /home/user/env\n"), done)


class Pack(TestCase):
    def test_the_programs_say_what_is_in_it(self):
        programs = json.loads(command("programs", "--json").out)["programs"]
        ours = {program["name"]: program for program in programs if program.get("pack") == "cloche-numpy"}
        self.assertLessEqual({"numpy", "python"}, set(ours))
        self.assertFalse(any(program.get("pack") == "cloche-python" for program in programs))
        self.assertEqual([module["path"] for module in ours["numpy"]["modules"]], ["/usr/bin/python3.13"])
        self.assertEqual(ours["python"]["modules"], [])
        self.assertEqual([source["package"] for source in ours["numpy"]["sources"]], ["numpy", "python3.13"])
        self.assertIn("/numpy-2.2.6.tar.gz", ours["numpy"]["sources"][0]["url"])


if __name__ == "__main__":
    if not pathlib.Path(support.PACK).with_name("cloche-numpy.pack").exists():
        print("there is no cloche-numpy.pack: scripts/build --numpy makes it")
        sys.exit(SKIPPED)
    unittest.main()
