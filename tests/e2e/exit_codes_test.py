"""Every exit code of `cloche run`, and what stands behind it."""

import re
import unittest

from support import LIMIT, NOT_FOUND, NOT_RUNNABLE, OWN_ERROR, TIMEOUT, TestCase, command, run, script


class ExitCodes(TestCase):
    def test_the_programs_own(self):
        for code in (0, 1, 42, 124, 125, 255):
            with self.subTest(code=code):
                done = script(f"exit {code}")
                self.assertEqual((done.code, done.out, done.err), (code, "", ""))

    def test_signals(self):
        for number in (1, 2, 6, 9, 10, 13, 14, 15, 34):
            with self.subTest(signal=number):
                self.assertEqual(script(f"kill -{number} $$").code, 128 + number)

    def test_wall_clock(self):
        done = run("--timeout", "200ms", "--", "sleep", "60")
        self.assert_refused(done, TIMEOUT, "--timeout")

    def test_cpu_time(self):
        done = script("while :; do :; done", "--cpu-time", "200ms")
        self.assert_refused(done, LIMIT, "cpu.time")

    def test_not_found(self):
        self.assert_refused(run("no-such-program"), NOT_FOUND, "no-such-program", "not found")
        self.assert_refused(run("/usr/bin/no-such-program"), NOT_FOUND, "not found")

    def test_not_runnable(self):
        self.assert_refused(run("/usr"), NOT_RUNNABLE, "/usr")
        self.assert_refused(run("/etc/passwd"), NOT_RUNNABLE, "/etc/passwd")
        self.assert_refused(run("/etc/passwd/x"), NOT_RUNNABLE, "Not a directory")

    def test_own_error(self):
        self.assert_refused(run(), OWN_ERROR, "PROGRAM")
        self.assert_refused(run("--no-such-option", "true"), OWN_ERROR, "--no-such-option")
        self.assert_refused(run("--pack", "/no/such.pack", "true"), OWN_ERROR, "/no/such.pack")
        self.assert_refused(command(), OWN_ERROR, "--help")
        self.assert_refused(command("frobnicate"), OWN_ERROR, "frobnicate")
        self.assert_refused(command("check", "policy.json"), OWN_ERROR, "policy.json: No such file")

    def test_help_is_not_an_error(self):
        for arguments in (["--help"], ["run", "--help"], ["shell", "-h"], ["warm", "--help"]):
            done = command(*arguments)
            self.assert_ok(done)
            self.assertIn("Usage: cloche", done.out)

    def test_help_shows_options_that_exist(self):
        commands = ["run", "shell", "programs", "warm", "doctor", "version"]
        for name in commands:
            shown = command(name, "--help").out
            self.assertEqual("Exit codes" in shown, name in ("run", "shell"), shown)
            for option in re.findall(r"^ +(?:-\w,)?(--?[a-z-]+)", shown, re.MULTILINE):
                with self.subTest(command=name, option=option):
                    self.assertNotIn("was not expected", command(name, option, "--help").err)
        shown = command("--help").out
        for name in (*commands, "check", "--version"):
            self.assertRegex(shown, rf"(?m)^  {name} ")

    def test_version(self):
        done = command("version")
        self.assert_ok(done)
        self.assertRegex(done.out, r"^cloche \d+\.\d+\.\d+ \(wasmtime \d+\.\d+\.\d+\)\n$")
        self.assertEqual(command("--version").out, done.out)


class Options(TestCase):
    def test_options_end_at_the_program(self):
        self.assert_ok(run("echo", "--json", "-v", "--", "-x"), "--json -v -- -x\n")
        self.assert_ok(run("--", "printf", "%s", "-c"), "-c")
        self.assert_ok(run("--timeout", "10s", "--", "echo", "--timeout"), "--timeout\n")

    def test_script_name_and_arguments(self):
        self.assert_ok(script('printf "<%s>" "$0" "$@"'), "<bash>")
        self.assert_ok(run("-c", 'printf "<%s>" "$0" "$@"', "name", "a b", "", "-c"), "<name><a b><><-c>")
        self.assert_ok(run("-c", 'printf "<%s>" "$0" "$@"', "--", "--json", "x"), "<--json><x>")

    def test_the_last_of_a_single_option_counts(self):
        self.assert_ok(run("--hostname", "first", "--hostname", "second", "--", "uname", "-n"), "second\n")

    def test_environment(self):
        done = run("-e", "A=1", "-e", "A=2", "-e", "EMPTY=", "-e", "HOME=/tmp", "--", "env",
                   env={"SECRET": "from the host"})
        self.assert_ok(done)
        self.assertEqual(sorted(done.out.splitlines()), [
            "A=2", "EMPTY=", "HOME=/tmp", "LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin",
            "TERM=dumb", "USER=user"])

    def test_user_workdir_hostname(self):
        self.assert_ok(run("--", "pwd"), "/home/user\n")
        self.assert_ok(run("-w", "/tmp", "--", "pwd"), "/tmp\n")
        done = script("id -un; id -u; echo ~; pwd; echo $USER; touch a; stat -c %U a", "-u", "alice")
        self.assert_ok(done, "alice\n1000\n/home/alice\n/home/alice\nalice\nalice\n")
        self.assert_ok(run("--hostname", "box.example", "--", "uname", "-n"), "box.example\n")

    def test_bad_values_say_what_would_be_right(self):
        for arguments, words in [
                (["--timeout", "5", "true"], ["'5'", "unit", "30s"]),
                (["--timeout", "-1s", "true"], ["-1s"]),
                (["--timeout", "1e9h", "true"], ["duration"]),
                (["--memory", "lots", "true"], ["'lots'", "512M"]),
                (["--memory", "99999999999G", "true"], ["too large"]),
                (["--pids", "0", "true"], ["'0'", "1 to 32768"]),
                (["--open-files", "2", "true"], ["3 to 65536"]),
                (["-e", "NAME", "true"], ["NAME=VALUE"]),
                (["-e", "1A=x", "true"], ["'1A'"]),
                (["-w", "relative", "true"], ["absolute"]),
                (["-w", "/no/such", "true"], ["/no/such"]),
                (["-u", "root", "true"], ["root"]),
                (["-u", "a b", "true"], ["'a b'"]),
                (["--hostname", "a_b", "true"], ["'a_b'"]),
                (["--quiet", "--verbose", "true"], ["--quiet", "--verbose"]),
                (["--json", "-t", "true"], ["--json", "-t"]),
                (["-c", "true", "--module", "x.wasm"], ["-c", "--module"]),
        ]:
            with self.subTest(arguments=arguments):
                self.assert_refused(run(*arguments), OWN_ERROR, *words)

    def test_shares_that_cannot_be(self):
        for option, value in [("--cpus", "0"), ("--cpu-weight", "0"), ("--nice", "-50"), ("--cpu-affinity", "x"),
                              ("--limit", "memory.mx=5")]:
            with self.subTest(option=option):
                self.assert_refused(run(f"{option}={value}", "true"), OWN_ERROR, option)
        self.assert_refused(run("--cpu-affinity", "1000", "true"), OWN_ERROR, "no worker serves CPU 1000")

    def test_untrusted_bytes_in_messages_are_escaped(self):
        done = run("no\x1b[31msuch\nprogram")
        self.assertEqual(done.code, NOT_FOUND)
        self.assertIn("no\\x1b[31msuch\\nprogram", done.err)
        self.assertNotIn("\x1b", done.err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
