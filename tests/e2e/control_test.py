"""Running sandboxes seen and steered from another command: ps, stats, update, kill, pause, resume,
renice, metrics, top."""

import fcntl
import json
import os
import re
import signal
import socket
import stat
import subprocess
import termios
import time
import unittest

import support
from interrupts_test import Terminal
from support import TestCase, command


class ControlCase(TestCase):
    """A runtime folder of its own, and sandboxes that end with the test."""

    def setUp(self):
        super().setUp()
        self.folder.chmod(0o700)
        self.env = {"XDG_RUNTIME_DIR": self.folder, "LC_ALL": "C.UTF-8"}
        self.sockets = self.folder / "cloche"

    def cloche(self, *arguments, **more):
        return command(*arguments, env={**self.env, **more})

    def start(self, name, script, *options):
        """A sandbox whose script prints a line when it is ready."""
        process = subprocess.Popen(
            [support.CLOCHE, "run", *(["--name", name] if name else []), *options, "-c", script],
            env=dict(os.environ, CLOCHE_PACK=support.PACK, **{k: str(v) for k, v in self.env.items()}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        return process

    def report(self, name):
        done = self.cloche("stats", "--json", "-n", "1", name)
        self.assertEqual(done.code, 0, done)
        return json.loads(done.out)

    def limits(self, name):
        return {limit["name"]: limit["value"] for limit in self.report(name)["limits"]}

    def wait_until(self, condition, what):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.02)


class Seen(ControlCase):
    def test_ps_shows_all(self):
        self.start("one", "echo ready; sleep 60", "--memory", "64M")
        self.start("two", "echo ready; sleep 60")
        done = self.cloche("ps")
        self.assert_ok(done)
        lines = done.out.splitlines()
        self.assertEqual(lines[0].split(),
                         ["NAME", "PID", "STATE", "AGE", "CPU%", "MEM", "LIMIT", "TASKS", "COMMAND"])
        self.assertEqual([line.split()[0] for line in lines[1:]], ["one", "two"])
        self.assertRegex(lines[1], r"^one +\d+ +running +[\d.]+s +[\d.]+ +\S+ +64M +1  bash -c echo ready; sleep 60$")

    def test_json(self):
        process = self.start("one", "echo ready; sleep 60 & sleep 60", "--pids", "7")
        self.wait_until(lambda: '"sleep"' in self.cloche("ps", "--json").out, "its programs are not seen")
        report = json.loads(self.cloche("ps", "--json").out)
        self.assertEqual(report["name"], "one")
        self.assertEqual(report["pid"], process.pid)
        self.assertEqual(report["state"], "running")
        self.assertGreaterEqual(report["tasks"], 2)
        self.assertEqual(report["memory"]["total"],
                         sum(report["memory"][part] for part in ("processes", "shared", "buffers", "files", "objects")))
        self.assertTrue(any(p["name"] == "sleep" for p in report["processes"]), report)
        self.assertEqual(self.limits("one")["pids.max"], "7")

    def test_nobody(self):
        done = self.cloche("ps")
        self.assertEqual((done.code, len(done.out.splitlines())), (0, 1), done)
        self.assertFalse(self.sockets.exists(), "ps made the folder")
        self.assert_refused(self.cloche("kill", "nobody"), 1, "no running sandbox 'nobody'", "there is none")

    def test_who_is_there_is_named(self):
        self.start("one", "echo ready; sleep 60")
        self.assert_refused(self.cloche("pause", "two"), 1, "'two'", "there are: one")

    def test_a_default_name(self):
        process = self.start("", "echo ready; sleep 60")
        self.wait_until(lambda: f"run-{process.pid}" in self.cloche("ps").out, "it is not seen")

    def test_hidden(self):
        self.start("", "echo ready; sleep 60", "--no-publish")
        time.sleep(0.2)
        self.assertFalse(self.sockets.exists())

    def test_stats_stream(self):
        self.start("busy", "echo ready; while :; do :; done")
        done = self.cloche("stats", "-n", "3", "--interval", "200ms", "busy")
        self.assert_ok(done)
        rows = [line.split() for line in done.out.splitlines() if line.startswith("busy")]
        self.assertEqual(len(rows), 3, done)
        self.assertGreater(float(rows[2][1]), 10, "a busy sandbox uses the CPU")
        self.assertEqual(self.cloche("stats", "--interval", "1ns").code, 125)

    def test_tool_calls_are_counted(self):
        self.start("one", "tool call yes; tool call yes; tool call no; echo ready; sleep 60", "--tool", "yes=true",
                   "--allow-tool", "yes", "--tool", "no=true")
        stats = json.loads(self.cloche("stats", "--json", "-n", "1", "one").out)
        self.assertEqual((stats["tool_calls"], stats["tools_denied"], stats["tools_under_way"]), (3, 1, 0))
        self.assertIn('\ncloche_tool_calls_denied_total{sandbox="one"} 1\n', self.cloche("metrics").out)

    def test_metrics(self):
        self.start("one", "echo ready; sleep 60", "--memory", "64M")
        done = self.cloche("metrics")
        self.assert_ok(done)
        self.assertIn('\ncloche_limit{sandbox="one",limit="memory.max"} 67108864\n', done.out)
        self.assertIn('\ncloche_running{sandbox="one"} 1\n', done.out)
        sample = re.compile(r'^cloche_[a-z_]+\{sandbox="one"(,[a-z]+="[^"]*")?\} [0-9.e+-]+$')
        for line in done.out.splitlines():
            self.assertTrue(line.startswith("# ") or sample.match(line), line)


class Steered(ControlCase):
    def test_fewer_processes(self):
        script = ("echo ready; until [ -e /m/go ]; do sleep 0.05; done;"
                  "sleep 5 & sleep 5 & sleep 5 & sleep 5 & echo not reached")
        process = self.start("one", script, "-v", f"{self.folder}:/m")
        done = self.cloche("update", "one", "--pids", "3")
        self.assert_ok(done, "one: pids.max 3\n")
        (self.folder / "go").touch()
        self.assertIn(b"Resource temporarily unavailable", process.stderr.readline() + process.stderr.readline())

    def test_all_or_nothing(self):
        self.start("one", "echo ready; sleep 60", "--pids", "50", "--memory", "64M")
        before = self.limits("one")
        self.assert_refused(self.cloche("update", "one", "--pids", "9", "--memory", "32M", "--limit", "colour=red"),
                            125, "one: ", "colour")
        self.assertEqual(self.limits("one"), before)
        for words in (["--pids", "0"], ["--pids", "many"], ["--limit", "cpu.time=soon"]):
            self.assert_refused(self.cloche("update", "one", *words), 125, "one: ")
        self.assertEqual(self.limits("one"), before)
        self.assert_ok(self.cloche("update", "one", "--pids", "9", "--memory", "32M", "--timeout", "1h", "--disk", "5M"))
        after = self.limits("one")
        self.assertEqual((after["pids.max"], after["memory.max"], after["wall.time"], after["disk.max"]),
                         ("9", "32M", "1h", "5M"))

    def test_nice_is_a_weight(self):
        self.start("one", "echo ready; sleep 60")
        self.assert_ok(self.cloche("update", "one", "--nice", "19"), "one: cpu.weight 1\n")
        self.assertEqual(self.limits("one")["cpu.weight"], "1")
        self.assert_refused(self.cloche("update", "one", "--nice", "20"), 125, "--nice")

    def test_output_may_be_cut_from_now_on(self):
        process = self.start("one", "echo ready; until [ -e /m/go ]; do sleep 0.05; done; seq 1 1000; exit 5",
                             "-v", f"{self.folder}:/m", "--output", "100")
        self.assert_ok(self.cloche("update", "one", "--limit", "output.over=truncate"), "one: output.over truncate\n")
        (self.folder / "go").touch()
        out, _ = process.communicate(timeout=20)
        self.assertEqual((process.returncode, len(out)), (5, 100 - len("ready\n")))

    def test_a_deadline(self):
        process = self.start("one", "echo ready; sleep 60")
        self.assert_ok(self.cloche("update", "one", "--timeout", "100ms"))
        self.assertEqual(process.wait(20), support.TIMEOUT)

    def test_pause_and_resume(self):
        process = self.start("one", "echo ready; for ((;;)); do echo x; sleep 0.01; done")
        fd = process.stdout.fileno()
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK)

        def drain():
            size = 0
            while True:
                try:
                    size += len(os.read(fd, 65536))
                except BlockingIOError:
                    return size
        self.assert_ok(self.cloche("pause", "one"), "")
        self.assertEqual(self.report("one")["state"], "paused")
        self.assertRegex(self.cloche("ps").out, r"one +\d+ +paused")
        drain()
        time.sleep(0.3)
        self.assertEqual(drain(), 0, "it went on")
        self.assert_ok(self.cloche("pause", "one"), "")
        self.assert_ok(self.cloche("resume", "one"), "")
        self.wait_until(drain, "it did not go on")

    def test_kill(self):
        for paused in (False, True):
            with self.subTest(paused=paused):
                process = self.start("one", "trap '' TERM INT HUP; echo ready; while :; do :; done")
                if paused:
                    self.assert_ok(self.cloche("pause", "one"))
                self.assert_ok(self.cloche("kill", "one"), "")
                self.assertEqual(process.wait(20), support.LIMIT)
                self.assertIn(b"cloche: ended on request", process.stderr.read())

    def test_signals(self):
        process = self.start("one", "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done")
        self.assert_refused(self.cloche("kill", "one", "--signal", "NOPE"), 125, "NOPE")
        self.assert_ok(self.cloche("kill", "one", "-s", "USR1"), "")
        self.assertEqual(process.wait(20), 9)

    def test_a_signal_to_a_process(self):
        process = self.start("one", "sleep 60 & echo ready; wait $!; exit $?")
        sleeping = next(p["pid"] for p in self.report("one")["processes"] if p["name"] == "sleep")
        self.assert_refused(self.cloche("kill", "one", "--pid", "9999"), 1, "one: ")
        self.assert_ok(self.cloche("kill", "one", "--pid", str(sleeping), "-s", "TERM"), "")
        self.assertEqual(process.wait(20), 143)

    def test_renice(self):
        self.start("one", "echo ready; sleep 60 & wait")
        pid = next(p["pid"] for p in self.report("one")["processes"] if p["name"] == "sleep")
        for nice in ("5", "-20"):
            self.assert_ok(self.cloche("renice", "one", str(pid), nice), "")
            self.assertEqual({p["pid"]: p["nice"] for p in self.report("one")["processes"]}[pid], int(nice))
        self.assert_refused(self.cloche("renice", "one", str(pid), "20"), 125, "-20 to 19")
        self.assert_refused(self.cloche("renice", "one", "9999", "1"), 1, "one: ")

    def test_several(self):
        one, two = (self.start(name, "echo ready; sleep 60") for name in ("one", "two"))
        self.assert_refused(self.cloche("kill", "one", "nobody", "two"), 1, "'nobody'")
        self.assertEqual((one.wait(20), two.wait(20)), (support.LIMIT, support.LIMIT))


class Names(ControlCase):
    def test_one_name_one_sandbox(self):
        self.start("one", "echo ready; sleep 60")
        done = self.cloche("run", "--name", "one", "true")
        self.assert_refused(done, 125, "already has the name 'one'")

    def test_a_name_is_free_again(self):
        for _ in range(2):
            self.assert_ok(self.cloche("run", "--name", "one", "true"))
        self.assertEqual(sorted(os.listdir(self.sockets)), [".lock"])

    def test_two_at_once(self):
        for _ in range(5):
            both = [subprocess.Popen([support.CLOCHE, "run", "--name", "same", "-c", "sleep 0.5"],
                                     env=dict(os.environ, XDG_RUNTIME_DIR=str(self.folder), CLOCHE_PACK=support.PACK),
                                     stderr=subprocess.DEVNULL) for _ in range(3)]
            self.assertEqual(sorted(process.wait(20) for process in both), [0, 125, 125])

    def test_impossible_names(self):
        for name in ("", ".", "../x", "a/b", "a b", "-x", "x" * 65, "\n"):
            self.assertEqual(self.cloche("run", f"--name={name}", "true").code, 125, name)
        self.assert_refused(self.cloche("run", "--name", "a", "--no-publish", "true"), 125, "exclude")

    def test_a_dead_process_leaves_nothing(self):
        process = self.start("one", "echo ready; sleep 60")
        process.kill()
        process.wait()
        self.assertIn("one.sock", os.listdir(self.sockets))
        self.assertEqual(len(self.cloche("ps").out.splitlines()), 1)
        self.assertEqual(os.listdir(self.sockets), [".lock"])
        process = self.start("one", "echo ready; sleep 60")
        process.kill()
        process.wait()
        self.start("one", "echo ready; sleep 60")  # takes the name of the dead one

    def test_a_process_that_stands_still(self):
        process = self.start("one", "echo ready; sleep 60")
        process.send_signal(signal.SIGSTOP)
        done = self.cloche("ps")
        self.assertRegex(done.out, rf"one +{process.pid} +silent")
        self.assert_refused(self.cloche("pause", "one"), 125, "no answer in time")


class Guarded(ControlCase):
    def test_modes(self):
        self.start("one", "echo ready; sleep 60")
        self.assertEqual(stat.S_IMODE(self.sockets.stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((self.sockets / "one.sock").stat().st_mode), 0o600)

    def refused(self, word):
        """A run warns and goes on; the commands refuse."""
        done = self.cloche("run", "--name", "one", "-c", "echo out; exit 3")
        self.assertEqual((done.code, done.out), (3, "out\n"), done)
        self.assertIn("cannot be seen by cloche ps", done.err)
        self.assertIn(word, done.err)
        self.assertEqual(self.cloche("run", "-q", "--name", "one", "true").err, "")
        self.assert_refused(self.cloche("ps"), 125, word)
        self.assert_refused(self.cloche("top", "--once"), 125, word)

    def test_a_folder_that_others_enter(self):
        self.sockets.mkdir()
        self.sockets.chmod(0o755)
        self.refused("others may enter")

    def test_a_symbolic_link(self):
        (self.folder / "else").mkdir(mode=0o700)
        self.sockets.symlink_to("else")
        self.refused("not a folder of this user")

    @unittest.skipUnless(os.geteuid() == 0, "only root can make a folder of another user")
    def test_a_folder_of_another_user(self):
        self.sockets.mkdir(mode=0o700)
        os.chown(self.sockets, 12345, 12345)
        self.refused("belongs to another user")

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_another_user_is_not_answered(self):
        self.start("one", "echo ready; sleep 60")
        self.folder.chmod(0o755)
        self.sockets.chmod(0o755)
        (self.sockets / "one.sock").chmod(0o666)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.setgid(12345)
                os.setuid(12345)
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(10)
                    client.connect(str(self.sockets / "one.sock"))
                    try:
                        client.sendall(b'{"cloche":1,"do":"kill"}\n')
                        code = 0 if client.recv(100) == b"" else 2
                    except (ConnectionResetError, BrokenPipeError):
                        code = 0
            finally:
                os._exit(code)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.sockets.chmod(0o700)
        self.assertEqual(self.report("one")["state"], "running")

    def test_hostile_bytes(self):
        process = self.start("one", "echo ready; sleep 60")
        for line in (b"\n", b"\xff" * 1000 + b"\n", b"[" * 60000 + b"\n", b"x" * 70000 + b"\n",
                     b'{"cloche":1,"do":"signal","signal":1e99}\n', b'{"cloche":2,"do":"kill"}\n'):
            with self.subTest(line=line[:40]), socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.sockets / "one.sock"))
                client.settimeout(10)
                try:
                    client.sendall(line)
                    answer = json.loads(client.makefile().readline())
                    self.assertFalse(answer["ok"])
                except (ConnectionResetError, BrokenPipeError):
                    pass  # it does not read all of what is too long
        many = []
        for _ in range(40):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            client.connect(str(self.sockets / "one.sock"))
            many.append(client)
        self.assertIsNone(process.poll())
        for client in many:
            client.close()
        self.assertEqual(self.report("one")["state"], "running")

    def test_what_a_guest_writes_moves_no_cursor(self):
        process = self.start("one", "exec -a $'\\e[2J\\r\\n\\u202e' bash -c 'echo ready; sleep 60; :'")
        for words in (["ps"], ["top", "--once"], ["stats", "-n", "1"], ["metrics"]):
            out = self.cloche(*words).out
            self.assertNotIn("\x1b", out)
            self.assertNotIn("\u202e", out)
        self.assertIsNone(process.poll())

    def test_a_liar(self):
        self.sockets.mkdir(mode=0o700)
        for answer in (b"nonsense\n", b"{}\n", b'{"cloche":9,"ok":true}\n',
                       b'{"cloche":1,"ok":true,"report":{"name":"\\u001b[2J","state":"idle"}}\n'):
            path = self.sockets / "liar.sock"
            with self.subTest(answer=answer), socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
                server.listen()
                child = os.fork()
                if child == 0:
                    try:
                        peer = server.accept()[0]
                        peer.recv(1000)
                        peer.sendall(answer)
                        peer.close()
                    finally:
                        os._exit(0)
                done = self.cloche("ps")
                self.assert_ok(done)
                self.assertNotIn("\x1b", done.out)
                os.waitpid(child, 0)
            path.unlink()


class Top(ControlCase):
    def setUp(self):
        super().setUp()
        for name in ("LINES", "COLUMNS"):  # which would hide the terminal's size
            os.environ.pop(name, None)

    def test_once(self):
        self.start("one", "echo ready; sleep 60 & wait", "--memory", "64M")
        self.start("two", "echo ready; sleep 60")
        done = self.cloche("top", "--once", COLUMNS="80")
        self.assert_ok(done)
        self.assertIn("2 sandboxes, 3 tasks", done.out)
        self.assertRegex(done.out, r"(?m)^- one +running")
        self.assertRegex(done.out, r"(?m)^ +\d+ .* sleep 60$")
        self.assertIn("memory: processes", done.out)
        self.assertTrue(all(len(line) <= 80 for line in done.out.splitlines()), done.out)

    def test_ascii(self):
        self.start("one", "echo ready; sleep 60")
        self.assertTrue(self.cloche("top", "--once", LC_ALL="C").out.isascii())
        self.assertFalse(self.cloche("top", "--once").out.isascii())

    def test_batch(self):
        self.start("one", "echo ready; sleep 60")
        done = self.cloche("top", "--batch", "-n", "3", "--interval", "20ms")
        self.assert_ok(done)
        self.assertEqual(done.out.count("cloche top "), 3)

    def test_without_a_terminal(self):
        self.assert_refused(self.cloche("top"), 125, "top needs a terminal", "--once")
        terminal = self.open(TERM="nonsense")
        terminal.wait_for("kind 'nonsense' is not known")
        self.assertEqual(terminal.end(), 125)

    def open(self, rows=24, columns=80, **more):
        terminal = Terminal("top", "--interval", "100ms",
                            **{"XDG_RUNTIME_DIR": str(self.folder), "TERM": "xterm", "LC_ALL": "C.UTF-8", **more})
        self.addCleanup(terminal.close)
        terminal.resize(rows, columns)
        return terminal

    def assert_given_back(self, terminal):
        after = termios.tcgetattr(terminal.fd)
        self.assertTrue(after[3] & termios.ICANON)
        self.assertTrue(after[3] & termios.ECHO)

    def test_keys(self):
        for rows, columns in ((24, 80), (10, 40)):
            with self.subTest(rows=rows, columns=columns):
                process = self.start("one", "echo ready; sleep 60")
                terminal = self.open(rows, columns)
                terminal.wait_for(r"\+ one")
                self.assertFalse(termios.tcgetattr(terminal.fd)[3] & termios.ICANON)
                terminal.type("?")
                terminal.wait_for("renice a process")
                terminal.type("x")
                terminal.wait_for(r"\+ one")
                terminal.type("\r")
                terminal.wait_for("memory: processes")
                terminal.type("k")
                terminal.wait_for("signal for one")
                terminal.type("\x1bk\r")
                self.assertEqual(process.wait(20), support.LIMIT)
                self.wait_until(lambda: "one" not in self.cloche("ps").out, "it is still there")
                terminal.type("q")
                terminal.wait_for("\x1b\\[\\?1049l")  # the screen as it was before
                self.assertEqual(terminal.end(), 0)
                self.assert_given_back(terminal)

    def test_pause_and_limits(self):
        self.start("one", "echo ready; sleep 60")
        terminal = self.open()
        terminal.wait_for(r"\+ one")
        terminal.type("p")
        self.wait_until(lambda: self.report("one")["state"] == "paused", "p does not pause")
        terminal.wait_for("paused")
        terminal.type("p")
        self.wait_until(lambda: self.report("one")["state"] == "running", "p does not resume")
        terminal.type("upids.max=5\r")
        self.wait_until(lambda: self.limits("one")["pids.max"] == "5", "u does not change a limit")
        terminal.type("ucolour=red\r")
        terminal.wait_for("one: .*colour")

    def test_resize(self):
        self.start("a-sandbox-with-a-name", "echo ready; sleep 60")
        terminal = self.open()
        terminal.wait_for("HISTORY")
        for rows, columns in ((10, 40), (3, 12), (1, 1), (24, 120)):
            terminal.resize(rows, columns)
            time.sleep(0.2)
        terminal.wait_for("COMMAND")
        terminal.type("q")
        self.assertEqual(terminal.end(), 0)

    def test_signals_give_the_terminal_back(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number):
                terminal = self.open()
                terminal.wait_for("0 sandboxes")
                os.kill(terminal.pid, number)
                self.assertEqual(terminal.end(), 128 + number)
                self.assert_given_back(terminal)


if __name__ == "__main__":
    unittest.main(verbosity=2)
