"""What `cmake --install` puts somewhere is whole: programs build against it and run, wherever it is.

CLOCHE_BUILD names the build folder. examples/installed is built in a folder outside of the source, by
find_package(cloche) and by pkg-config, with the shared library and with the archive.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("CLOCHE_BUILD", ROOT / "build"))
EXAMPLE = ROOT / "examples" / "installed"
EXPORTS = ROOT / "library" / "exports.txt"
CXX, CC = os.environ.get("CXX", "g++"), os.environ.get("CC", "gcc")
EXPECTED = "      1 a\n      2 b\n"


def run(*command, env=None, **options):
    """stdout of a command that must end with 0; `env` is added to the environment."""
    full = {name: value for name, value in os.environ.items() if not name.startswith("CLOCHE_")}
    done = subprocess.run([os.fspath(word) for word in command], env={**full, **(env or {})}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def symbols(file, *options):
    """(name, version) of what a file defines for others, demangled."""
    lines = run("nm", "--defined-only", "--extern-only", "--demangle", *options, file).splitlines()
    names = [re.match(r"[0-9a-f]+ [A-Za-z] (.*)$", line) for line in lines]
    return [tuple((name[1] + "@@").split("@@")[:2]) for name in names if name]


class Install(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="cloche-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        first = cls.folder / "first"
        run("cmake", "--install", BUILD, "--prefix", first)
        # Whoever installs may pack it up and unpack it elsewhere.
        cls.prefix = cls.folder / "moved"
        first.rename(cls.prefix)
        cls.lib = next(cls.prefix.rglob("libcloche.so")).parent

    def assert_works(self, program, **env):
        self.assertEqual(run(program, env={"CLOCHE_CACHE_DIR": str(self.folder / "cache"), **env}), EXPECTED)

    def pkg_config(self, *arguments):
        return run("pkg-config", *arguments, "cloche",
                   env={"PKG_CONFIG_PATH": str(self.lib / "pkgconfig")}).split()

    def test_cmake_package(self):
        source, build = self.folder / "project", self.folder / "project-build"
        shutil.copytree(EXAMPLE, source)
        run("cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_COMPILER={CXX}", f"-DCMAKE_C_COMPILER={CC}")
        run("cmake", "--build", build)
        for name in ("sandbox", "sandbox-c"):  # the library finds its packs by where it lies itself
            self.assertIn("libcloche.so.1", run("readelf", "-d", build / name))
            self.assert_works(build / name)
        pack = self.prefix / "share" / "cloche" / "cloche.pack"
        for name in ("sandbox-static", "sandbox-c-static"):
            self.assertNotIn("libcloche", run("readelf", "-d", build / name))
            self.assert_works(build / name, CLOCHE_PACK=str(pack))
            # Programs that hold it find them beside themselves, and in share beside their bin.
            (self.prefix / "bin" / name).write_bytes((build / name).read_bytes())
            (self.prefix / "bin" / name).chmod(0o755)
            self.assert_works(self.prefix / "bin" / name)

    def test_cmake_refuses_another_version(self):
        for version, fits in (("0.1", True), ("0.2", False), ("1.0", False)):
            script = self.folder / "version" / "CMakeLists.txt"
            script.parent.mkdir(exist_ok=True)
            script.write_text(f"cmake_minimum_required(VERSION 3.25)\nproject(v LANGUAGES NONE)\n"
                              f"find_package(cloche {version} REQUIRED)\n")
            done = subprocess.run(["cmake", "-G", "Ninja", "-S", script.parent, "-B", script.parent / version,
                                   f"-DCMAKE_PREFIX_PATH={self.prefix}"], capture_output=True, check=False)
            self.assertEqual(done.returncode == 0, fits, done.stderr)

    def test_pkg_config(self):
        self.assertEqual(self.pkg_config("--modversion")[0], run(self.prefix / "bin" / "cloche", "version").split()[1])
        flags = self.pkg_config("--cflags", "--libs")
        run(CXX, "-std=c++20", EXAMPLE / "sandbox.cc", "-o", self.folder / "pc", *flags)
        run(CC, "-std=c11", "-pedantic-errors", EXAMPLE / "sandbox.c", "-o", self.folder / "pc-c", *flags)
        for name in ("pc", "pc-c"):
            self.assert_works(self.folder / name, LD_LIBRARY_PATH=str(self.lib))

    def test_pkg_config_static(self):
        flags = self.pkg_config("--static", "--cflags", "--libs")
        pack = str(self.prefix / "share" / "cloche" / "cloche.pack")
        for compiler, source in ((CXX, "sandbox.cc"), (CC, "sandbox.c")):
            program = self.folder / f"static-{source}"
            run(compiler, *(["-std=c++20"] if compiler == CXX else []), "-static-pie", EXAMPLE / source, "-o",
                program, "-Wl,--gc-sections", *flags)
            self.assertNotIn("NEEDED", run("readelf", "-d", program))
            self.assert_works(program, CLOCHE_PACK=pack)

    def test_the_shared_library_shows_the_interface_and_nothing_else(self):
        shown = symbols(self.lib / "libcloche.so", "--dynamic")
        versions = {name for name, version in shown if not version}
        self.assertEqual(versions, {"CLOCHE_1", "CLOCHE_CXX_0_1"})
        for name, version in shown:
            if version:
                self.assertEqual(version, "CLOCHE_1" if name.startswith("cloche_") else "CLOCHE_CXX_0_1", name)
        committed = EXPORTS.read_text().splitlines()
        actual = sorted({name for name, version in shown if version})
        gone = [name for name in committed if name not in actual]
        self.assertEqual([n for n in gone if n.startswith("cloche_")], [],
                         "functions of the C interface are gone: CLOCHE_ABI_VERSION must grow (docs/library.md)")
        self.assertEqual(actual, committed, "the interface has changed: library/list-exports > library/exports.txt")

    def test_the_archive_shows_the_same(self):
        archive = sorted({name for name, _ in symbols(self.lib / "libcloche.a")})
        self.assertEqual(archive, EXPORTS.read_text().splitlines())

    def test_every_function_of_the_c_header_is_there(self):
        header = (self.prefix / "include" / "cloche" / "cloche.h").read_text()
        declared = set(re.findall(r"\b(cloche_\w+)\([^()]*\)\s*CLOCHE_NOEXCEPT;", header))
        self.assertGreater(len(declared), 100)
        exported = {name for name in EXPORTS.read_text().splitlines() if name.startswith("cloche_")}
        self.assertEqual(declared, exported)

    def test_the_command_finds_its_packs(self):
        cloche = self.prefix / "bin" / "cloche"
        self.assertEqual(run(cloche, "run", "--quiet", "-c", "echo inside"), "inside\n")
        programs = run(cloche, "programs")
        self.assertIn("bash", programs)
        self.assertEqual("python3" in programs, (BUILD / "cloche-python.pack").exists())

    def test_licences_of_all_parts(self):
        texts = (self.prefix / "share" / "doc" / "cloche" / "THIRD-PARTY.txt").read_text()
        for part in ("wasmtime 48.", "re2 ", "zstd ", "nlohmann-json3 ", "bash 5.", "musl "):
            self.assertRegex(texts, rf"(?m)^=== {re.escape(part)}", part)
        self.assertTrue((self.prefix / "share" / "doc" / "cloche" / "LICENSE").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
