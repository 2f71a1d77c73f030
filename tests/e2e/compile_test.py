"""Programs that take long to compile: the first of a run and others are compiled aside, within the
limits of the run, and whoever waits can give up."""

import json
import os
import signal
import subprocess
import time
import unittest

import support
from support import LIMIT, TIMEOUT, TestCase, command, result, run, slow_module

FUNCTIONS = 120  # about 2 s


class Compile(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bytes = slow_module(FUNCTIONS)

    def setUp(self):
        super().setUp()
        self.slow = self.folder / "slow.wasm"
        self.slow.write_bytes(self.bytes)
        # The user's own folder has the programs of the pack and must not get these.
        self.env = {"CLOCHE_CACHE_DIR": self.folder / "cache"}

    def result(self, *options):
        return result(*options, "--module", self.slow, env=self.env, timeout=120)

    def start(self, *options):
        process = subprocess.Popen(
            [support.CLOCHE, "run", "--quiet", *options, "--module", str(self.slow)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(os.environ, CLOCHE_PACK=support.PACK, CLOCHE_CACHE_DIR=str(self.env["CLOCHE_CACHE_DIR"])))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def test_it_runs_and_its_time_counts(self):
        value = self.result()
        self.assertEqual((value["outcome"], value["exit_code"]), ("exited", 7), value)
        self.assertGreater(value["usage"]["cpu_ms"], 500)
        again = self.result()
        self.assertEqual(again["exit_code"], 7)
        self.assertLess(again["usage"]["cpu_ms"], value["usage"]["cpu_ms"] / 2)

    def test_limits_of_the_run_hold_meanwhile(self):
        for option, value, outcome, limit in (
                ("--timeout", "300ms", "timeout", None), ("--cpu-time", "200ms", "limit", "cpu.time"),
                ("--limit", "compile.time=200ms", "limit", "compile.time"), ("--memory", "8M", "limit", "memory.max")):
            with self.subTest(option=option, value=value):
                ended = self.result(option, value)
                self.assertEqual((ended["outcome"], ended["limit"]), (outcome, limit), ended)
                self.assertIn(limit or "wall.time", ended["limits_hit"])
                self.assertLess(ended["usage"]["cpu_ms"], 1500)

    def test_exit_codes(self):
        self.assertEqual(run("--timeout", "300ms", "--module", self.slow, env=self.env).code, TIMEOUT)
        self.assertEqual(run("--cpu-time", "300ms", "--module", self.slow, env=self.env).code, LIMIT)

    def test_signals_end_it(self):
        for signo in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.start()
            time.sleep(0.5)
            self.assertIsNone(process.poll())
            process.send_signal(signo)
            self.assertEqual(process.wait(20), 128 + signo)

    def test_others_see_it_and_end_it(self):
        control = dict(self.env, XDG_RUNTIME_DIR=self.folder)
        process = subprocess.Popen(
            [support.CLOCHE, "run", "--quiet", "--name", "slow", "--module", str(self.slow)], stdin=subprocess.DEVNULL,
            env=dict(os.environ, CLOCHE_PACK=support.PACK, **{k: str(v) for k, v in control.items()}))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        report = ""
        while not report and process.poll() is None:
            report = command("ps", "--json", env=control).out
        seen = json.loads(report)
        self.assertEqual((seen["name"], seen["state"], seen["processes"]), ("slow", "running", []))
        self.assert_ok(command("kill", "slow", env=control))
        self.assertEqual(process.wait(20), 137)

    def test_cpu_max_holds(self):
        usage = self.result("--cpus", "0.5", "--cpu-time", "60s")["usage"]
        # The program itself had to wait until that was paid.
        self.assertGreater(usage["wall_ms"], usage["cpu_ms"] * 2 * 0.9)

    def test_inside_it_is_paid_by_the_one_inside(self):
        done = run("--json", "--sandboxes", "1", "-v", f"{self.slow}:/slow.wasm", "-c",
                   "cp /slow.wasm slow; chmod +x slow; cloche run -v slow:/slow --cpu-time 200ms --json -- /slow",
                   env=self.env, timeout=120)
        value = json.loads(done.out)
        inside = json.loads(value["stdout"])
        self.assertEqual((inside["outcome"], inside["limit"]), ("limit", "cpu.time"), value)
        self.assertGreater(value["usage"]["cpu_ms"], 200)
        self.assertLess(inside["usage"]["cpu_ms"], 1500)

    def test_programs_of_the_pack_are_the_hosts(self):
        for options in (["--cpu-time", "50ms"], ["--timeout", "300ms"]):
            empty = {"CLOCHE_CACHE_DIR": self.folder / f"empty{options[1]}"}
            value = result(*options, "-c", "echo hi", env=empty, timeout=120)
            self.assertEqual((value["outcome"], value["stdout"]), ("exited", "hi\n"), value)


if __name__ == "__main__":
    unittest.main()
