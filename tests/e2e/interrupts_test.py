"""Ctrl-C, SIGTERM and their like; terminals; a command that is killed itself."""

import errno
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
import unittest

import support
from support import TestCase

READY = b"ready\n"


def environment(**more):
    return dict(os.environ, CLOCHE_PACK=support.PACK, **more)


class Signals(TestCase):
    def start(self, script, *options):
        process = subprocess.Popen([support.CLOCHE, "run", *options, "-c", script], env=environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), READY)
        return process

    def test_default_actions(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for script in ("echo ready; while :; do :; done", "echo ready; exec sleep 60"):
                with self.subTest(signal=number, script=script):
                    process = self.start(script)
                    process.send_signal(number)
                    self.assertEqual(process.wait(20), 128 + number)

    def test_a_shell_that_waits_for_a_child(self):
        process = self.start("echo ready; sleep 60; echo not reached")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 130)
        self.assertEqual(process.stdout.read(), b"")

    def test_traps_run(self):
        process = self.start("trap 'echo caught; exit 9' INT TERM; echo ready; while :; do sleep 0.05; done")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 9)
        self.assertEqual(process.stdout.read(), b"caught\n")

    def test_the_second_ctrl_c_kills(self):
        process = self.start("trap '' INT TERM; echo ready; while :; do :; done")
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 130)
        self.assertIn(b"cloche: ended on request", process.stderr.read())

    def test_the_second_sigterm_kills(self):
        process = self.start("trap '' INT TERM; echo ready; sleep 60")
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(20), 143)

    def test_background_processes_get_none_but_end(self):
        process = self.start("(trap 'echo child >&2; exit' INT; sleep 60) & echo ready; exec sleep 60")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 130)

    def test_what_the_caller_ignores_stays_ignored(self):
        def ignore():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        process = subprocess.Popen([support.CLOCHE, "run", "-c", "echo ready; sleep 0.5; echo done"],
                                   env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   preexec_fn=ignore)
        self.assertEqual(process.stdout.readline(), READY)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.stdout.read(), b"done\n")
        self.assertEqual(process.wait(20), 0)
        process.stdout.close()

    def test_killed_itself(self):
        script = "echo ready; while :; do echo line >> /m/log; done"
        process = self.start(script, "-v", f"{self.folder}:/m:rw")
        while not (self.folder / "log").exists() and process.poll() is None:
            time.sleep(0.1)
        process.kill()
        self.assertEqual(process.wait(20), -signal.SIGKILL)
        data = (self.folder / "log").read_bytes()
        self.assertTrue(data)
        self.assertEqual(data, b"line\n" * (len(data) // 5), "an append was torn")
        self.assertEqual(os.listdir(self.folder), ["log"])
        time.sleep(0.2)
        self.assertEqual((self.folder / "log").read_bytes(), data, "something went on")

    def test_parent_killed(self):
        # The shell in between is killed; the command then writes into a pipe that nobody reads.
        process = subprocess.Popen(
            ["bash", "-c", f"'{support.CLOCHE}' run -c 'while :; do echo x; done' & echo $!; wait"],
            env=environment(), stdout=subprocess.PIPE)
        child = int(process.stdout.readline())
        process.kill()
        process.wait()
        process.stdout.close()
        for _ in range(200):
            try:
                with open(f"/proc/{child}/stat", encoding="ascii") as file:
                    if file.read().split()[2] == "Z":
                        return
            except FileNotFoundError:
                return
            time.sleep(0.1)
        os.kill(child, signal.SIGKILL)
        self.fail("the command went on without anybody to write to")


class Terminal:
    """The command on a pty of the host, as a person has it."""

    def __init__(self, *arguments, **more):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.execve(support.CLOCHE, [support.CLOCHE, *arguments], environment(**more))
            finally:
                os._exit(99)
        self.text = b""

    def resize(self, rows, columns):
        termios.tcsetwinsize(self.fd, (rows, columns))

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def wait_for(self, pattern, seconds=20):
        """Reads until the regular expression matches what came since the last call."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.search(pattern.encode(), self.text)
            if match:
                self.text = self.text[match.end():]
                return match
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError(f"no {pattern!r} in {self.text!r}")
            try:
                data = os.read(self.fd, 65536)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                data = b""
            if not data:
                raise AssertionError(f"ended without {pattern!r}: {self.text!r}")
            self.text += data

    def end(self, seconds=20):
        """Exit code of the command."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.fd, 65536)
                except OSError:
                    pass
        raise AssertionError(f"did not end: {self.text!r}")

    def close(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        os.close(self.fd)


class Terminals(TestCase):
    def open(self, *arguments, **more):
        terminal = Terminal(*arguments, **more)
        self.addCleanup(terminal.close)
        return terminal

    def shell(self, *arguments, **more):
        terminal = self.open("shell", *arguments, **more)
        terminal.wait_for(r"\$ $")
        return terminal

    def test_a_program_on_a_terminal(self):
        terminal = self.open("run", "-t", "-c", "tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all; exit 3")
        terminal.wait_for("/dev/pts/0\r\nall\r\n")
        self.assertEqual(terminal.end(), 3)

    def test_without_t_there_is_none(self):
        terminal = self.open("run", "-c", "tty; echo end")
        terminal.wait_for("not a tty\r\nend\r\n")
        self.assertEqual(terminal.end(), 0)

    def test_shell(self):
        terminal = self.shell()
        terminal.type("echo $((6*7))\r")
        terminal.wait_for("\r42\r\n")
        terminal.type("exit 5\r")
        self.assertEqual(terminal.end(), 5)

    def test_ctrl_c_interrupts_the_program_not_the_shell(self):
        terminal = self.shell()
        terminal.type("sleep 60\r")
        time.sleep(0.5)
        terminal.type("\x03")
        terminal.wait_for(r"\^C(.|\n)*\$ $")
        terminal.type("echo status $?\r")
        terminal.wait_for("\rstatus 130\r\n")
        self.assertEqual(self.interrupt(terminal, "while sleep 0.05; do :; done"), 130)
        terminal.type("exit 4\r")
        self.assertEqual(terminal.end(), 4)

    def interrupt(self, terminal, line):
        """Starts a line, presses Ctrl-C once it runs, and says which status the shell shows."""
        terminal.type(line + "\r")
        terminal.wait_for(re.escape(line) + r"\r\n")
        time.sleep(0.5)
        terminal.type("\x03")
        terminal.wait_for(r"\^C(.|\n)*\$ $")
        terminal.type("echo status $?\r")
        return int(terminal.wait_for(r"\rstatus (\d+)\r\n")[1])

    def test_ctrl_c_interrupts_loops_of_the_shell_itself(self):
        terminal = self.shell()
        for line in ("while :; do :; done", "for ((;;)); do x=$((x + 1)); done", "while true; do echo x >/dev/null; done"):
            with self.subTest(line=line):
                self.assertEqual(self.interrupt(terminal, line), 130)
        terminal.type("exit 4\r")
        self.assertEqual(terminal.end(), 4)

    def test_ctrl_c_interrupts_pipelines_and_busy_programs(self):
        terminal = self.shell()
        for line in ("sleep 100 | cat", "yes >/dev/null", "yes | cat >/dev/null", "(while :; do :; done)"):
            with self.subTest(line=line):
                self.assertEqual(self.interrupt(terminal, line), 130)
        terminal.type("jobs; echo none\r")
        terminal.wait_for(r"\rnone\r\n")
        terminal.type("exit 4\r")
        self.assertEqual(terminal.end(), 4)

    def test_stopped_jobs_go_on(self):
        terminal = self.shell()
        for line in ("sleep 100 | cat", "yes > /dev/null"):
            with self.subTest(line=line):
                name = re.escape(line)
                terminal.type(line + "\r")
                terminal.wait_for(name + r"\r\n")
                time.sleep(0.5)
                terminal.type("\x1a")
                terminal.wait_for(r"Stopped +" + name)
                terminal.wait_for(r"\$ $")
                terminal.type("echo status $?\r")
                terminal.wait_for(r"\rstatus 148\r\n")
                terminal.type("bg; jobs\r")
                terminal.wait_for(r"Running +" + name)
                terminal.type("fg\r")
                terminal.wait_for(r"fg\r\n(.|\n)*" + name + r"\r\n")
                time.sleep(0.3)
                terminal.type("\x1a")
                terminal.wait_for(r"Stopped +" + name)
                terminal.type("fg\r")
                terminal.wait_for(r"fg\r\n(.|\n)*" + name + r"\r\n")
                time.sleep(0.3)
                terminal.type("\x03")
                terminal.wait_for(r"\^C(.|\n)*\$ $")
                terminal.type("echo status $?\r")
                terminal.wait_for(r"\rstatus 130\r\n")
        terminal.type("exit 4\r")
        self.assertEqual(terminal.end(), 4)

    def test_job_control(self):
        terminal = self.shell()
        terminal.type("sleep 60\r")
        time.sleep(0.5)
        terminal.type("\x1a")
        terminal.wait_for(r"Stopped +sleep 60")
        terminal.type("bg; jobs\r")
        terminal.wait_for(r"Running +sleep 60")
        terminal.type("kill %1; wait; echo gone\r")
        terminal.wait_for("\r\n(.*\r\n)?gone\r\n|Terminated")
        terminal.type("exit\r")
        terminal.end()

    def test_end_of_file(self):
        terminal = self.shell()
        terminal.type("\x04")
        self.assertEqual(terminal.end(), 0)

    def test_editing(self):
        terminal = self.shell()
        terminal.type("echo abX\x7fc\r")
        terminal.wait_for("\rabc\r\n")
        terminal.type("\x1b[A\r")  # cursor up: the last command again
        terminal.wait_for("\rabc\r\n")
        terminal.type("exit\r")
        terminal.end()

    def test_window_size(self):
        terminal = self.open("run", "-t", "-c", "trap 'stty size' WINCH; stty size; echo on; while :; do sleep 0.05; done")
        terminal.wait_for("on\r\n")
        terminal.resize(33, 101)
        terminal.wait_for("33 101\r\n")

    def test_terminal_is_given_back(self):
        for keys, before_end in (("exit\r", None), (None, signal.SIGTERM), (None, signal.SIGHUP)):
            with self.subTest(keys=keys, signal=before_end):
                terminal = self.shell()
                raw = termios.tcgetattr(terminal.fd)
                self.assertFalse(raw[3] & termios.ICANON)
                if keys:
                    terminal.type(keys)
                else:
                    os.kill(terminal.pid, before_end)
                    time.sleep(0.3)
                    try:
                        os.kill(terminal.pid, signal.SIGTERM)
                        time.sleep(0.3)
                        os.kill(terminal.pid, signal.SIGTERM)
                    except ProcessLookupError:
                        pass
                terminal.end()
                after = termios.tcgetattr(terminal.fd)
                self.assertTrue(after[3] & termios.ICANON)
                self.assertTrue(after[3] & termios.ECHO)

    def test_type_of_terminal(self):
        terminal = self.open("run", "-t", "--", "printenv", "TERM", TERM="xterm-256color")
        terminal.wait_for("xterm-256color\r\n")

    def test_a_terminal_fed_from_a_pipe(self):
        done = support.run("-t", "--", "cat", stdin=b"line\n")
        self.assertEqual(done.code, 0, done)
        self.assertIn("line\r\n", done.out)

    def test_keys_that_wait_for_room(self):
        # More keys than a terminal keeps, by one, from a pipe that then stays open: the last one is
        # typed when the program has read the others, and must wake it.
        process = subprocess.Popen(
            [support.CLOCHE, "run", "-t", "-c", "for ((i = 0; i < 64; i++)); do read; done; exit 7"],
            env=environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        process.stdin.write((b"k" * 63 + b"\n") * 64)
        process.stdin.flush()
        self.assertEqual(process.wait(20), 7)

    def test_each_reader_sees_the_end_of_the_keys(self):
        for keys in (b"", b"line\n", b"line"):
            with self.subTest(keys=keys):
                done = support.run("-t", "-c", "cat; cat; echo done", stdin=keys)
                self.assertEqual(done.code, 0, done)
                self.assertTrue(done.out.endswith("done\r\n"), done)

    def test_a_shell_fed_from_a_pipe(self):
        self.assertEqual(support.command("shell", stdin=b"exit 3\n").code, 3)
        done = support.command("shell", stdin=b"cat\n")
        self.assertEqual(done.code, 0, done)
        self.assertNotIn("^D", done.out)

    def test_a_program_that_does_not_heed_the_end_is_hung_up(self):
        self.assertEqual(support.command("shell", stdin=b"exit 3").code, 128 + signal.SIGHUP)

    def test_screen_that_goes_away(self):
        terminal = self.shell()
        terminal.type("while :; do echo x; done\r")
        terminal.wait_for("x\r\nx\r\n")
        os.close(terminal.fd)
        terminal.fd = os.open("/dev/null", os.O_RDONLY)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if os.waitpid(terminal.pid, os.WNOHANG)[0]:
                return
            time.sleep(0.1)
        self.fail("went on without a terminal")


if __name__ == "__main__":
    unittest.main(verbosity=2)
