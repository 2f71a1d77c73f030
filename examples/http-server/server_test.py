"""Many users at once, beside a hostile one: SERVER is the program, PACK the guest's programs."""

import concurrent.futures
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest

PACK = os.environ["PACK"]
PYTHON = os.path.exists(PACK.replace(".pack", "-python.pack"))
# All of them end, and say how; how depends on which limit comes first.
HOSTILE = [
    ("bash", "while :; do :; done"),
    ("bash", "f() { f | f & }; f; wait"),
    ("bash", "yes"),
    ("bash", "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done"),
    ("js", "for (const kept = [];;) kept.push('x'.repeat(1 << 20) + kept.length)"),
    ("bash", "kill -9 -1; kill -9 1; cat /proc/1/mem /etc/shadow; dd if=/dev/zero of=/tmp/x"),
]
ENDS = {"exited", "signaled", "limit", "timeout"}


class Server:
    def __init__(self):
        self.process = subprocess.Popen([os.environ["SERVER"], "--port", "0", "--pack", PACK],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r":(\d+)\n", self.process.stdout.readline())[1])

    def ask(self, method, path, body=None, user=None, timeout=120):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, {"X-User": user} if user else {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def run(self, user, language, code, keep=False):
        return self.ask("POST", f"/run?language={language}" + ("&keep=yes" if keep else ""), code, user)

    def result(self, *arguments, **options):
        status, body = self.run(*arguments, **options)
        if status != 200:
            raise AssertionError(f"{status} {body}")
        return json.loads(body)

    def end(self):
        """The exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


class HttpServer(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.process.stdout.close)
        self.addCleanup(self.server.process.wait)
        self.addCleanup(self.server.process.kill)

    def test_languages(self):
        self.assertEqual(self.server.result("ann", "bash", "echo $((6*7)) | cat")["stdout"], "42\n")
        self.assertEqual(self.server.result("ann", "js", "console.log(6*7)")["stdout"], "42\n")
        if PYTHON:
            self.assertEqual(self.server.result("ann", "python", "print(6*7)")["stdout"], "42\n")
        self.assertEqual(self.server.run("ann", "perl", "print 42")[0], 400)

    def test_a_sandbox_of_a_user_stays_and_no_other_user_sees_it(self):
        self.server.result("ann", "bash", "echo mine > note", keep=True)
        self.server.result("ann", "js", "x = 41", keep=True)
        self.assertEqual(self.server.result("ann", "js", "return x + 1", keep=True)["value"], 42)
        self.assertEqual(self.server.result("ann", "bash", "cat note", keep=True)["stdout"], "mine\n")
        for other in (self.server.result("bob", "bash", "cat note", keep=True),
                      self.server.result("ann", "bash", "cat note")):
            self.assertEqual((other["stdout"], other["exit_code"]), ("", 1))
        self.assertEqual(self.server.ask("DELETE", "/sandbox", user="ann")[0], 200)
        self.assertEqual(self.server.ask("DELETE", "/sandbox", user="ann")[0], 404)
        self.assertEqual(self.server.result("ann", "bash", "cat note", keep=True)["exit_code"], 1)

    def test_refused(self):
        self.assertEqual(self.server.run(None, "bash", "echo hello")[0], 401)
        for name in ("a b", "x" * 33, "../etc", 'a"b'):
            self.assertEqual(self.server.run(name, "bash", "echo hello")[0], 401)
        self.assertEqual(self.server.run("ann", "bash", "#" * 70_000)[0], 413)
        self.assertEqual(self.server.ask("GET", "/nothing")[0], 404)
        # Not HTTP at all; and a request that never ends.
        for words in (b"\0\xff\n\r\n\r\n", b"POST /run HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=30) as raw:
                raw.sendall(words)
                raw.recv(1000)
        self.assertEqual(self.server.result("ann", "bash", "echo hello")["stdout"], "hello\n")

    def test_more_than_two_at_a_time_are_told_so(self):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            waits = [pool.submit(self.server.run, "mallory", "bash", "sleep 2") for _ in range(6)]
            statuses = sorted(wait.result()[0] for wait in waits)
        self.assertEqual(statuses, [200, 200, 429, 429, 429, 429])
        self.assertIn("snippets_refused_total 4\n", self.server.ask("GET", "/metrics")[1])

    def test_metrics_show_what_runs(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            wait = pool.submit(self.server.run, "ann", "bash", "sleep 1")
            for _ in range(100):
                text = self.server.ask("GET", "/metrics")[1]
                if 'sandbox="ann-1"' in text:
                    break
                time.sleep(0.02)
            wait.result()
        self.assertRegex(text, r'(?m)^cloche_\w+\{sandbox="ann-1"[^}]*\} \d')
        for line in text.splitlines():
            self.assertRegex(line, r'^(# (HELP|TYPE) .*|\w+(\{[^{}]*\})? [-+0-9.einf]+)$')

    def test_honest_users_get_their_answers_beside_a_hostile_one(self):
        def honest(user):
            for i in range(25):
                result = self.server.result(user, "bash", f"echo {i} | sed s/^/{user}-/")
                self.assertEqual((result["outcome"], result["stdout"]), ("exited", f"{user}-{i}\n"))
            result = self.server.result(user, "js", "console.log([1, 2].map(x => x * 21))")
            self.assertEqual(result["stdout"], "[ 21, 42 ]\n")

        def hostile():
            statuses = []
            for language, code in HOSTILE:
                status, body = self.server.run("mallory", language, code)
                statuses.append(status)
                if status == 200:
                    self.assertIn(json.loads(body)["outcome"], ENDS, code)
            return statuses

        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            bad = [pool.submit(hostile) for _ in range(4)]
            good = [pool.submit(honest, f"user{i}") for i in range(4)]
            for each in good:
                each.result()
            statuses = [status for each in bad for status in each.result()]
        self.assertIn(200, statuses)
        self.assertLessEqual(set(statuses), {200, 429})
        self.assertEqual(self.server.end(), 0)

    def test_it_ends_when_told_even_while_something_loops(self):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            wait = pool.submit(self.server.run, "mallory", "bash", "trap '' TERM INT; sleep 60")
            while "snippets_running 1" not in self.server.ask("GET", "/metrics")[1]:
                time.sleep(0.02)
            self.assertEqual(self.server.end(), 0)
            self.assertEqual(json.loads(wait.result()[1])["outcome"], "cancelled")


if __name__ == "__main__":
    unittest.main(verbosity=2)
