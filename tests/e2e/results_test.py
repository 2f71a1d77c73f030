"""What a run reports: the result object, its numbers, limits, and where output goes."""

import base64
import json
import os
import subprocess
import time
import unittest

import support
from support import LIMIT, NOT_FOUND, OWN_ERROR, TIMEOUT, TestCase, result, run, script


class ResultObject(TestCase):
    def test_shape(self):
        value = result("-c", "echo out; echo err >&2; exit 3")
        self.assertEqual(list(value), [
            "outcome", "limit", "exit_code", "signal", "stdout", "stdout_encoding", "stderr",
            "stderr_encoding", "truncated", "usage", "tool_calls", "error", "limits_hit"])
        self.assertEqual(set(value["usage"]), {
            "wall_ms", "cpu_ms", "memory_peak_bytes", "processes", "forks", "file_bytes", "tool_calls"})
        usage = value.pop("usage")
        self.assertEqual(value, {
            "outcome": "exited", "limit": None, "exit_code": 3, "signal": None,
            "stdout": "out\n", "stdout_encoding": "utf-8", "stderr": "err\n", "stderr_encoding": "utf-8",
            "truncated": {"stdout": False, "stderr": False}, "tool_calls": [], "error": None, "limits_hit": {}})
        self.assertGreater(usage["wall_ms"], 0)
        self.assertGreater(usage["cpu_ms"], 0)
        self.assertGreater(usage["memory_peak_bytes"], 0)

    def test_is_one_line_and_all_of_stdout(self):
        done = run("--json", "-c", "echo a; echo b")
        self.assertEqual(done.out.count("\n"), 1)
        self.assertEqual(done.err, "")

    def test_exit_codes_are_the_same(self):
        self.assertEqual(run("--json", "-c", "exit 3").code, 3)
        self.assertEqual(run("--json", "-c", "kill -9 $$").code, 137)
        self.assertEqual(run("--json", "no-such").code, NOT_FOUND)

    def test_signal(self):
        value = result("-c", "kill -TERM $$")
        self.assertEqual((value["outcome"], value["signal"], value["exit_code"]), ("signaled", "SIGTERM", None))

    def test_timeout(self):
        value = result("--timeout", "100ms", "-c", "sleep 60")
        self.assertEqual((value["outcome"], value["limit"]), ("timeout", None))
        self.assertGreaterEqual(value["usage"]["wall_ms"], 100)

    def test_output_from_before_the_timeout(self):
        # Long enough for a busy machine to come to the first line.
        value = result("--timeout", "5s", "-c", "echo before; sleep 60")
        self.assertEqual((value["outcome"], value["stdout"]), ("timeout", "before\n"))

    def test_cpu_limit(self):
        value = result("--cpu-time", "100ms", "-c", "while :; do :; done")
        self.assertEqual((value["outcome"], value["limit"]), ("limit", "cpu.time"))
        self.assertGreaterEqual(value["usage"]["cpu_ms"], 100)

    def test_limits_of_compiling(self):
        cache = {"CLOCHE_CACHE_DIR": self.folder / "cache"}
        value = result("--limit", "compile.time=1ms", "true", env=cache)
        self.assertEqual((value["outcome"], value["limit"]), ("limit", "compile.time"), value)
        # What it takes to compile the programs of the pack is not the sandbox's.
        self.assertEqual(result("--memory", "16M", "true", env=cache)["exit_code"], 0)

    def test_not_found(self):
        value = result("no-such")
        self.assertEqual((value["outcome"], value["exit_code"], value["error"]["type"]), ("error", None, "not_found"))
        self.assertIn("no-such", value["error"]["message"])

    def test_own_error(self):
        done = run("--json", "-v", "/no/such:/m", "true")
        self.assertEqual(done.code, OWN_ERROR)
        value = json.loads(done.out)
        self.assertEqual((value["outcome"], value["error"]["type"]), ("error", "not_found"))
        self.assertIn("/no/such", value["error"]["message"])
        self.assertTrue(done.err.startswith("cloche: "))

    def test_binary_output(self):
        value = result("-c", r"printf '\xff\x00a'; printf '\xe2\x82\xac' >&2")
        self.assertEqual((value["stdout_encoding"], base64.b64decode(value["stdout"])), ("base64", b"\xff\0a"))
        self.assertEqual((value["stderr_encoding"], value["stderr"]), ("utf-8", "\u20ac"))
        for size in range(1, 5):
            value = result("-c", rf"head -c {size} /dev/zero | tr '\0' '\377'")
            self.assertEqual(base64.b64decode(value["stdout"], validate=True), b"\xff" * size)

    def test_numbers_of_processes(self):
        usage = result("-c", "for i in 1 2 3; do (:); done; /bin/true; :")["usage"]
        self.assertGreaterEqual(usage["forks"], 4)
        self.assertGreaterEqual(usage["processes"], 5)

    def test_file_bytes(self):
        usage = result("-c", "head -c 1000000 /dev/zero > /tmp/a")["usage"]
        self.assertGreaterEqual(usage["file_bytes"], 1000000)

    def test_input(self):
        self.assertEqual(result("--", "tr", "a-z", "A-Z", stdin=b"hello")["stdout"], "HELLO")


class Limits(TestCase):
    def test_output(self):
        done = script("yes", "--output", "1M")
        self.assertEqual(done.code, LIMIT, repr(done)[:300])
        self.assertEqual(len(done.out), 1 << 20)
        self.assertIn("output.max", done.err)
        value = result("--output", "1000", "-c", "echo ok >&2; yes")
        self.assertEqual((value["outcome"], value["limit"], value["truncated"]),
                         ("limit", "output.max", {"stdout": True, "stderr": False}))
        self.assertEqual(len(value["stdout"]) + len(value["stderr"]), 1000)

    def test_output_that_is_cut_does_not_end_the_run(self):
        done = script("seq 1 100; echo too much >&2; exit 3", "--output", "10:truncate")
        self.assertEqual((done.code, done.out), (3, "1\n2\n3\n4\n5\n"))
        self.assertEqual(done.err, "cloche: the limit output.max was reached: output beyond it is lost\n")
        value = result("--output", "10", "--limit", "output.over=truncate", "-c", "echo all >&2; seq 1 100")
        self.assertEqual((value["outcome"], value["exit_code"], value["stdout"], value["stderr"], value["truncated"]),
                         ("exited", 0, "1\n2\n3\n", "all\n", {"stdout": True, "stderr": False}))
        done = script("yes", "--output", "10:truncate", "--cpu-time", "100ms")
        self.assertEqual((done.code, len(done.out)), (LIMIT, 10))
        self.assertIn("cpu.time", done.err)
        for words in (["--output", "10:drop"], ["--output", "10:"], ["--output", ":kill"],
                      ["--limit", "output.over=none"]):
            self.assertEqual(run(*words, "--", "true").code, 125, words)

    def test_output_below_the_limit(self):
        done = run("--output", "6", "--", "printf", "123456")
        self.assert_ok(done, "123456")

    def test_processes(self):
        done = script("for i in $(seq 20); do sleep 5 & done; wait", "--pids", "10", timeout=60)
        self.assertIn("Resource temporarily unavailable", done.err, done)

    def test_memory(self):
        done = script("x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo ${#x}", "--memory", "64M")
        self.assertNotEqual(done.code, 0, done)
        self.assertNotIn("100000000", done.out)
        self.assert_ok(script("x=$(head -c 10000000 /dev/zero | tr '\\0' x); echo ${#x}"), "10000000\n")

    def test_disk(self):
        done = script("head -c 3000000 /dev/zero > /tmp/a; stat -c %s /tmp/a", "--disk", "1M")
        self.assertIn("No space left on device", done.err)
        self.assertLessEqual(int(done.out), 1 << 20)

    def test_disk_of_a_cow_mount(self):
        (self.folder / "a").write_bytes(b"x" * 2_000_000)
        done = script("echo y >> /m/a", "--disk", "1M", "-v", f"{self.folder}:/m:cow")
        self.assertIn("No space left on device", done.err, done)
        self.assertEqual((self.folder / "a").stat().st_size, 2_000_000)

    def test_inodes(self):
        done = script("cd /tmp; for i in $(seq 50); do : > f$i; done; ls | wc -l", "--inodes", "20")
        self.assertIn("No space left on device", done.err)
        self.assertLess(int(done.out), 21)

    def test_open_files(self):
        done = script("ulimit -n; for i in {10..40}; do eval \"exec $i</dev/null\" || exit 9; done", "--open-files", "30")
        self.assertTrue(done.out.startswith("30\n"), done)
        self.assertNotEqual(done.code, 0, done)
        self.assertNotEqual(script("ulimit -n 31", "--open-files", "30").code, 0)

    def test_timeout_ends_everything(self):
        done = script("trap '' TERM INT HUP; (trap '' TERM; while :; do :; done) & while :; do :; done",
                      "--timeout", "300ms")
        self.assertEqual(done.code, TIMEOUT, done)

    def test_children_left_behind_end_too(self):
        done = script("(while :; do echo x >> /m/log; done) & until [[ -s /m/log ]]; do sleep 0.1; done; exit 4",
                      "-v", f"{self.folder}:/m:rw")
        self.assertEqual(done.code, 4, done)
        size = (self.folder / "log").stat().st_size
        time.sleep(0.5)
        self.assertEqual((self.folder / "log").stat().st_size, size)


class Streams(TestCase):
    def popen(self, *arguments, **options):
        environment = dict(os.environ, CLOCHE_PACK=support.PACK)
        return subprocess.Popen([support.CLOCHE, "run", *arguments], env=environment, **options)

    def test_binary_passes_through(self):
        data = os.urandom(3_000_000)
        process = self.popen("--", "cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        out, _ = process.communicate(data, timeout=60)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(out, data)

    def test_files_as_streams(self):
        source, target = self.folder / "in", self.folder / "out"
        source.write_text("b\na\n")
        with source.open() as stdin, target.open("w") as stdout:
            process = self.popen("--", "sort", stdin=stdin, stdout=stdout)
            self.assertEqual(process.wait(60), 0)
        self.assertEqual(target.read_text(), "a\nb\n")

    def test_reader_that_goes_away(self):
        process = self.popen("-c", "yes; echo status $? >&2", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        _, err = process.communicate(timeout=60)
        self.assertEqual(err.decode(), "status 141\n")
        self.assertEqual(process.returncode, 0)

    def test_closed_stdout(self):
        for program, code in ((["echo", "x"], 1), (["true"], 0)):
            with self.subTest(program=program):
                process = self.popen("--", *program, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
                _, err = process.communicate(timeout=60)
                self.assertEqual(process.returncode, code, err)

    def test_closed_stdout_with_json(self):
        process = self.popen("--json", "true", stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, OWN_ERROR)
        self.assertIn(b"cannot write to stdout", err)

    def test_full_stdout(self):
        with open("/dev/full", "wb") as full:
            process = self.popen("--", "echo", "x", stdout=full, stderr=subprocess.PIPE)
            _, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1)
            self.assertIn(b"write error", err)
            process = self.popen("--json", "true", stdout=full, stderr=subprocess.PIPE)
            _, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, OWN_ERROR)

    def test_closed_stdin(self):
        process = self.popen("--", "cat", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             preexec_fn=lambda: os.close(0))
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (1, b""), err)

    def test_all_closed(self):
        def close_all():
            for fd in (0, 1, 2):
                os.close(fd)
        process = self.popen("-c", "exit 5", preexec_fn=close_all)
        self.assertEqual(process.wait(60), 5)

    def test_both_outputs_to_one_pipe_keep_their_order(self):
        process = self.popen("-c", "for i in 1 2 3; do echo o$i; echo e$i >&2; done",
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(out.split(), [b"o1", b"e1", b"o2", b"e2", b"o3", b"e3"])

    def test_the_callers_descriptors_stay_as_they_were(self):
        read, write = os.pipe()
        os.set_blocking(read, True)
        process = self.popen("--", "cat", stdin=read, stdout=subprocess.PIPE)
        os.write(write, b"x")
        os.close(write)
        process.communicate(timeout=60)
        self.assertTrue(os.get_blocking(read))
        os.close(read)


class Packs(TestCase):
    def test_programs(self):
        done = support.command("programs")
        self.assert_ok(done)
        self.assertRegex(done.out, r"(?m)^PROGRAM +VERSION +LICENCE +SIZE +PACK +SOURCE$")
        self.assertRegex(done.out, r"(?m)^bash +5\.\d\S* +GPL-3\S* +\d+ KiB +cloche-base +bash_\S+$")

    def test_programs_as_json(self):
        done = support.command("programs", "--json")
        self.assert_ok(done)
        programs = {row["name"]: row for row in json.loads(done.out)["programs"]}
        self.assertLessEqual({"bash", "coreutils", "gawk", "sqlite3", "python"}, set(programs))
        self.assertEqual({row["pack"] for row in programs.values()}, {"cloche-base", "cloche-dev", "cloche-python"})
        for name, row in programs.items():
            own_files = name == "python-tools"  # of nobody else's sources, and nothing to run
            for key in ("version", "licence", "size", *(() if own_files else ("sources", "commands", "modules"))):
                self.assertTrue(row[key], (name, key))
            for source in row["sources"]:
                self.assertRegex(source["sha256"], "^[0-9a-f]{64}$")

    def test_every_command_of_the_manifest_is_there(self):
        manifest = json.loads(support.command("programs", "--json").out)
        commands = [command for row in manifest["programs"] for command in row["commands"]]
        done = run("-c", 'for name; do type -P -- "$name" > /dev/null || echo "$name"; done', "-", *commands)
        self.assert_ok(done, "")

    def test_warm(self):
        cache = self.folder / "cache"
        environment = {"CLOCHE_CACHE_DIR": cache}
        done = support.command("warm", "grep", env=environment)
        self.assert_ok(done)
        self.assertRegex(done.err, r"cloche: [1-9]\d* of [1-9]\d* modules compiled")
        again = support.command("warm", "grep", env=environment)
        self.assertRegex(again.err, r"cloche: 0 of \d+ modules compiled")
        self.assertEqual(run("--", "grep", "x", env=environment).err, "")

    def test_warm_refusals(self):
        self.assert_refused(support.command("warm", "no-such"), OWN_ERROR, "no-such", "cloche programs")

    def test_doctor(self):
        done = support.command("doctor")
        self.assert_ok(done)
        self.assertIn("This machine can run Cloche.", done.out)
        self.assertNotIn("FAIL", done.out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
