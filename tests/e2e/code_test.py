"""Sessions of Python and JavaScript, through `cloche code` (docs/sessions.md)."""

import base64
import json
import os
import subprocess
import threading
import time
import unittest

import support
from support import OWN_ERROR, TIMEOUT, TestCase, command

PIXEL = base64.b64encode(bytes([0x89, *b"PNG\r\n\x1a\n"])).decode()


class Cells:
    """`cloche code --requests`: requests go in, and answers are found by their ids."""

    def __init__(self, *options):
        self.process = subprocess.Popen([support.CLOCHE, "code", "--quiet", *options, "--requests"],
                                        env=dict(os.environ, CLOCHE_PACK=support.PACK),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.answers, self.last = {}, 0
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            answer = json.loads(line)
            with self.changed:
                self.answers[answer["id"]] = answer
                self.changed.notify_all()
        with self.changed:
            self.answers[None] = None
            self.changed.notify_all()

    def begin(self, **request):
        self.last += 1
        self.process.stdin.write(json.dumps({"id": self.last, **request}).encode() + b"\n")
        self.process.stdin.flush()
        return self.last

    def end(self, request, patience=120):
        with self.changed:
            self.changed.wait_for(lambda: request in self.answers or None in self.answers, patience)
            return self.answers.pop(request)

    def ask(self, **request):
        return self.end(self.begin(**request))

    def close(self):
        self.process.stdin.close()
        self.reader.join(60)
        self.process.stdout.close()
        return self.process.wait(60)


class Sessions(TestCase):
    language = None
    options = ()

    def setUp(self):
        super().setUp()
        self.cells = Cells(*self.options)

    def tearDown(self):
        if self.cells.process.returncode is None:
            self.cells.close()
        super().tearDown()

    def run_code(self, code, **request):
        return self.cells.ask(code=code, **{"language": self.language or "python", **request})

    def value(self, code, **request):
        answer = self.run_code(code, **request)
        self.assertEqual((answer["outcome"], answer["exit_code"]), ("exited", 0), answer)
        return answer["value"]

    def error(self, code, **request):
        answer = self.run_code(code, **request)
        self.assertEqual((answer["outcome"], answer["exit_code"]), ("exited", 1), answer)
        return answer["error"]

    def wait_until_busy(self, session="main"):
        """The session runs its code, or is about to."""
        for _ in range(600):
            all_of_them = self.cells.ask(do="sessions")["sessions"]
            if any(each["session"] == session and each["busy"] for each in all_of_them):
                return
            time.sleep(0.05)
        self.fail("the session never became busy")


class Python(Sessions):
    language = "python"

    def test_variables_live_between_calls(self):
        self.assertIsNone(self.value("x = 41\ndef f(): return x + 1"))
        self.assertEqual(self.value("f()"), 42)
        self.assertEqual(self.value("import math; math.floor(2.5)"), 2)
        self.assertEqual(self.value("_ + 1"), 3)

    def test_kinds_of_values(self):
        for code, kind, value, text in [
                ("[1, 2.5, None, True, {'a': 'ä'}]", "json", [1, 2.5, None, True, {"a": "ä"}], None),
                ("b'\\x00\\xff'", "bytes", base64.b64encode(b"\0\xff").decode(), "b'\\x00\\xff'"),
                ("{1, 2}", "text", "{1, 2}", "{1, 2}"),
                ("float('nan')", "text", "nan", "nan"),
                ("10 ** 400", "text", "1" + "0" * 400, None),
                ("'\\ud800'", "text", "'\\ud800'", None),
                ("a = []; a.append(a); a", "text", "[[...]]", "[[...]]"),
                ("None", "none", None, None)]:
            answer = self.run_code(code)
            self.assertEqual((answer["value_type"], answer["value"]), (kind, value), code)
            if text is not None:
                self.assertEqual(answer["repr"], text)

    def test_errors_have_the_right_lines(self):
        self.value("def f(n):\n    return 1 / n")
        error = self.error("y = 1\n\nf(0)")
        self.assertEqual((error["type"], error["message"]), ("ZeroDivisionError", "division by zero"))
        self.assertIn('  File "<cell 2>", line 3, in <module>\n    f(0)\n', error["traceback"])
        self.assertIn('  File "<cell 1>", line 2, in f\n    return 1 / n\n', error["traceback"])
        self.assertNotIn("_cloche_session", error["traceback"])
        self.assertEqual(self.value("y"), 1)

    def test_an_error_is_on_stderr(self):
        answer = self.run_code("print('a')\nnope")
        self.assertEqual(answer["stdout"], "a\n")
        self.assertEqual(answer["stderr"], answer["error"]["traceback"])
        self.assertIn("NameError: name 'nope' is not defined", answer["stderr"])

    def test_syntax_errors_point_at_their_place(self):
        error = self.error("x = 1\nif x\n  pass")
        self.assertEqual(error["type"], "SyntaxError")
        self.assertIn('File "<cell 1>", line 2\n    if x\n        ^\n', error["traceback"])
        self.assertEqual(self.error("x\0")["type"], "SyntaxError")

    def test_causes_are_told(self):
        error = self.error("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError('k') from e")
        self.assertIn("direct cause", error["traceback"])
        self.assertIn("1 / 0", error["traceback"])

    def test_exits_are_exit_codes(self):
        for code, exit_code in [("import sys; sys.exit(3)", 3), ("raise SystemExit", 0), ("exit(2)", 2)]:
            answer = self.run_code(code)
            self.assertEqual((answer["exit_code"], answer["error"], answer["session_ended"]),
                             (exit_code, None, False), code)
        answer = self.run_code("sys.exit('no')")
        self.assertEqual((answer["exit_code"], answer["stderr"]), (1, "no\n"))
        self.assertEqual(self.value("input_is_there = sys.stdin.read(); input_is_there"), "")

    def test_output_is_of_its_cell(self):
        program = "import subprocess, sys\nprint('a')\nsubprocess.run(['echo', 'b'])\nprint('c', file=sys.stderr)"
        answer = self.run_code(program)
        self.assertEqual((answer["stdout"], answer["stderr"]), ("a\nb\n", "c\n"))
        self.assertEqual(self.run_code("1")["stdout"], "")

    def test_output_that_comes_later_is_of_the_next_cell(self):
        self.value("import threading, time\ngo = threading.Event()\n"
                   "def late():\n    go.wait()\n    print('late')\n"
                   "t = threading.Thread(target=late); t.start()")
        self.assertEqual(self.run_code("go.set(); t.join()")["stdout"], "late\n")

    def test_input(self):
        self.assertEqual(self.value("[input(), input()]", stdin="a\nb\nc\n"), ["a", "b"])
        self.assertEqual(self.error("input()")["type"], "EOFError")
        self.assertEqual(self.value("import sys; sys.stdin.read()", stdin="ä"), "ä")

    def test_await_at_the_top(self):
        self.value("import asyncio\nasync def f(): await asyncio.sleep(0.01); return 7")
        self.assertEqual(self.value("await f()"), 7)
        self.value("event = asyncio.Event()\nt = asyncio.create_task(f())\nx = await t")
        self.assertEqual(self.value("x"), 7)
        error = self.error("async def g():\n    raise ValueError('v')\nawait g()")
        self.assertIn('File "<cell 5>", line 3, in <module>', error["traceback"])
        self.assertNotIn("base_events", error["traceback"])
        self.assertEqual(self.value("asyncio.run(f())"), 7)

    def test_rich_forms(self):
        answer = self.run_code(
            "class Plot:\n"
            f"    def _repr_png_(self): return __import__('base64').b64decode('{PIXEL}')\n"
            "    def _repr_html_(self): return '<b>'\n"
            "    def _repr_json_(self): return {'a': [1]}\n"
            "    def __repr__(self): return 'plot'\n"
            "display(Plot(), 5)\ndisplay({'text/x': 'y'}, raw=True)\nPlot()")
        forms = {"text/html": "<b>", "image/png": PIXEL, "application/json": {"a": [1]}}
        self.assertEqual(answer["displays"], [{"text/plain": "plot", **forms}, {"text/plain": "5"}, {"text/x": "y"}, forms])
        self.assertEqual((answer["value"], answer["value_type"]), ("plot", "text"))

    def test_open_figures_are_shown(self):
        """As a library that makes them would leave them: matplotlib is not in the pack."""
        answer = self.run_code("""
import sys, types
pyplot = types.ModuleType('matplotlib.pyplot')
class Figure:
    def savefig(self, file, format, **rest): file.write(b'\\x89PNG\\r\\n\\x1a\\n')
pyplot.open = [1]
pyplot.get_fignums = lambda: list(pyplot.open)
pyplot.figure = lambda number: Figure()
pyplot.close = lambda what: pyplot.open.clear()
sys.modules['matplotlib.pyplot'] = pyplot
""")
        self.assertEqual(answer["displays"], [{"image/png": PIXEL}])
        self.assertEqual(self.run_code("1")["displays"], [])

    def test_the_main_module_is_the_session(self):
        self.value("class A: pass\nimport pickle")
        self.assertEqual(self.value("[type(pickle.loads(pickle.dumps(A()))) is A, __name__]"), [True, "__main__"])

    def test_files_of_the_working_folder_can_be_imported(self):
        self.value("open('mine.py', 'w').write('x = 5'); None")
        self.assertEqual(self.value("import mine; mine.x"), 5)

    def test_recursion_without_end(self):
        self.assertEqual(self.error("def f(): f()\nf()")["type"], "RecursionError")

    def test_objects_that_misbehave(self):
        self.value("class Bad:\n    def __repr__(self): raise ValueError('no repr')")
        self.assertEqual(self.error("Bad()")["type"], "ValueError")
        error = self.error("class E(Exception):\n    def __str__(self): raise ValueError\nraise E")
        self.assertEqual(error["type"], "E")
        self.assertEqual(self.value("1"), 1)

    def test_output_that_was_closed_is_there_again(self):
        self.value("import sys, os, io\nsys.stdout.close()")
        self.assertEqual(self.run_code("print('a')")["stdout"], "a\n")
        self.value("os.close(1)")
        self.assertEqual(self.run_code("print('b')")["stdout"], "b\n")
        self.value("sys.stdout = None")
        self.assertEqual(self.run_code("print('c')")["stdout"], "c\n")

    def test_a_fork_is_no_session(self):
        answer = self.run_code("import os\npid = os.fork()\nif pid: status = os.waitpid(pid, 0)[1]\nelse: print('child')\npid")
        self.assertIsInstance(answer["value"], int)
        self.assertEqual(answer["stdout"], "child\n")
        answer = self.run_code("pid = os.fork()\nif not pid: 1 / 0\nos.waitpid(pid, 0)[1] >> 8")
        self.assertEqual(answer["value"], 1)
        self.assertIn("ZeroDivisionError", answer["stderr"])

    def test_an_interrupt_keeps_the_variables(self):
        self.value("x = 1")
        for loop in ["while True: pass", "import time; time.sleep(1000)", "await __import__('asyncio').sleep(1000)",
                     "import subprocess; subprocess.run(['sleep', '1000'])"]:
            request = self.cells.begin(code=f"x += 1\n{loop}")
            self.wait_until_busy()
            time.sleep(0.5)
            self.assertEqual(self.cells.ask(do="interrupt"), {"id": self.cells.last, "interrupted": True})
            answer = self.cells.end(request)
            self.assertEqual((answer["outcome"], answer["exit_code"], answer["session_ended"]), ("exited", 130, False), (loop, answer))
            self.assertEqual(answer["error"]["type"], "KeyboardInterrupt")
        self.assertEqual(self.value("x"), 5)
        self.assertEqual(self.cells.ask(do="interrupt")["interrupted"], False)


class JavaScript(Sessions):
    language = "js"

    def test_variables_live_between_calls(self):
        self.value("let x = 41; const y = 1; class A { m() { return x + y; } } function f() { return new A().m(); }")
        self.assertEqual(self.value("f()"), 42)
        self.assertEqual(self.value("let x = 1; const y = 3; f()"), 4)
        self.assertEqual(self.value("_ + 1"), 5)

    def test_a_body_of_a_function_too(self):
        self.assertEqual(self.value("const a = 2; return await Promise.resolve(a * 3)"), 6)
        self.assertEqual(self.value("if (a) { return a } 5"), 2)
        self.assertIsNone(self.value("return"))

    def test_kinds_of_values(self):
        for code, kind, value in [
                ("({a: [1, 'ä', null]})", "json", {"a": [1, "ä", None]}),
                ("{a: 1, b: 2}", "json", {"a": 1, "b": 2}),
                ("new Uint8Array([0, 255])", "bytes", base64.b64encode(b"\0\xff").decode()),
                ("Buffer.from('hi')", "bytes", base64.b64encode(b"hi").decode()),
                ("new Map([[1, 2]])", "text", "Map(1) { 1 => 2 }"),
                ("0 / 0", "text", "NaN"),
                ("10n", "text", "10n"),
                ("const c = {}; c.c = c; c", "text", "<ref *1> { c: [Circular *1] }"),
                ("undefined", "none", None)]:
            answer = self.run_code(code)
            self.assertEqual((answer["value_type"], answer["value"]), (kind, value), code)

    def test_errors_have_the_right_lines(self):
        self.value("function f() {\n  throw new TypeError('bad');\n}")
        error = self.error("let y = 1;\nf();")
        self.assertEqual((error["type"], error["message"]), ("TypeError", "bad"))
        self.assertIn("<cell 1>:2\n  throw new TypeError('bad');\n", error["traceback"])
        self.assertIn("<cell 2>:2", error["traceback"])
        self.assertNotIn("node:internal", error["traceback"])
        self.assertEqual(self.value("y"), 1)

    def test_errors_that_are_none(self):
        self.assertEqual(self.error("throw 5")["message"], "5")
        self.assertEqual(self.error("let z = (")["type"], "SyntaxError")
        self.assertEqual(self.error("(function f() { f() })()")["type"], "RangeError")
        self.assertEqual(self.error("({get x() { throw 1 }, toJSON() { throw new Error('j') }}).x")["message"], "1")

    def test_exits_are_exit_codes(self):
        answer = self.run_code("process.exit(3)")
        self.assertEqual((answer["exit_code"], answer["session_ended"]), (3, False))
        self.assertEqual(self.run_code("process.exitCode = 4")["exit_code"], 4)
        self.assertEqual(self.run_code("1")["exit_code"], 0)

    def test_output_and_input(self):
        answer = self.run_code("console.log('a'); console.error('b'); require('child_process').execSync('echo c', {stdio: 'inherit'})")
        self.assertEqual((answer["stdout"], answer["stderr"]), ("a\nc\n", "b\n"))
        self.assertEqual(self.value("require('fs').readFileSync(0, 'utf8')", stdin="in"), "in")
        read = "let t = ''; for await (const piece of process.stdin) t += piece; t"
        self.assertEqual(self.value(read, stdin="one"), "one")
        self.assertEqual(self.value(read, stdin="two"), "two")

    def test_timers_go_on_while_something_runs(self):
        self.value("setTimeout(() => console.log('late'), 1)")
        answer = self.run_code("await new Promise((done) => setTimeout(done, 50))")
        self.assertEqual(answer["stdout"], "late\n")

    def test_an_error_of_nobody_is_told(self):
        self.value("setTimeout(() => { throw new Error('later') }, 1)")
        answer = self.run_code("await new Promise((done) => setTimeout(done, 50)); 3")
        self.assertEqual((answer["value"], answer["exit_code"]), (3, 0))
        self.assertIn("later", answer["stderr"])

    def test_rich_forms(self):
        answer = self.run_code("const o = {[Symbol.for('Jupyter.display')]: () => ({'text/html': '<b>', 'application/json': {a: 1}})};\n"
                               f"await display(o); await display({{'image/png': Buffer.from('{PIXEL}', 'base64')}}, {{raw: true}}); display(3); o")
        forms = {"text/html": "<b>", "application/json": {"a": 1}}
        self.assertEqual(answer["displays"], [forms, {"image/png": PIXEL}, {"text/plain": "3"}, forms])

    def test_an_interrupt_keeps_the_variables(self):
        self.value("let x = 1")
        for loop in ["for (;;);", "await new Promise(() => {})", "(async () => { for (;;) await null })(); await new Promise(() => {})",
                     "require('child_process').execSync('sleep 1000'); for (;;);", "try { for (;;); } catch { } finally { for (;;); }"]:
            request = self.cells.begin(code=f"x += 1;\n{loop}", language="js")
            self.wait_until_busy()
            time.sleep(0.5)
            self.assertTrue(self.cells.ask(do="interrupt", language="js")["interrupted"])
            answer = self.cells.end(request)
            self.assertEqual((answer["exit_code"], answer["error"]["type"], answer["session_ended"]), (130, "Interrupted", False), (loop, answer))
        self.assertEqual(self.value("x"), 6)


class Many(Sessions):
    def test_sessions_are_apart(self):
        for session in ["a", "b"]:
            self.value(f"x = '{session}'", session=session)
        self.value("let x = 'js'", language="js", session="a")
        self.assertEqual([self.value("x", session="a"), self.value("x", session="b"), self.value("x", language="js", session="a")],
                         ["a", "b", "js"])
        self.assertEqual(self.error("x")["type"], "NameError")

    def test_they_share_the_files(self):
        self.value("open('/tmp/f', 'w').write('hi'); None")
        self.assertEqual(self.value("require('fs').readFileSync('/tmp/f', 'utf8')", language="js"), "hi")

    def test_calls_of_several_run_at_once(self):
        self.value("import os\nos.mkfifo('/tmp/p')")
        reads = self.cells.begin(code="open('/tmp/p').read()", session="reader")
        self.wait_until_busy("reader")
        self.value("with open('/tmp/p', 'w') as f: f.write('through')")
        self.assertEqual(self.cells.end(reads)["value"], "through")

    def test_a_second_call_in_one_is_refused(self):
        first = self.cells.begin(code="import time; time.sleep(3); 1")
        self.wait_until_busy()
        answer = self.run_code("2")
        self.assertEqual((answer["outcome"], answer["error"]["type"]), ("error", "busy"))
        self.assertIn("wait for it, interrupt it, or name another", answer["error"]["message"])
        self.assertEqual(self.cells.end(first)["value"], 1)

    def test_close(self):
        self.value("x = 1")
        self.assertTrue(self.cells.ask(do="close")["closed"])
        answer = self.run_code("x")
        self.assertEqual((answer["error"]["type"], answer["session_restarted"], answer["cell"]), ("NameError", False, 1))
        request = self.cells.begin(code="while True: pass")
        self.wait_until_busy()
        self.assertTrue(self.cells.ask(do="close")["closed"])
        self.assertEqual(self.cells.end(request)["outcome"], "cancelled")
        self.assertFalse(self.cells.ask(do="close", session="other")["closed"])

    def test_requests_that_are_wrong(self):
        for request, what in [({"code": 5}, "must be a string"), ({}, "is missing"), ({"code": "1", "lang": "x"}, 'no key "lang"'),
                              ({"code": "1", "language": "perl"}, "python"), ({"code": "1", "session": "a/b"}, "letters, digits"),
                              ({"code": "1", "session": ""}, "letters, digits"), ({"code": "1", "session": "x" * 65}, "letters, digits"),
                              ({"code": "1", "timeout": "soon"}, "timeout"), ({"code": "1", "timeout": "0"}, "more than zero"),
                              ({"code": "1", "value_bytes": 0}, "value_bytes"), ({"do": "dance"}, '"do"')]:
            answer = self.cells.ask(**request)
            self.assertEqual((answer["outcome"], answer["error"]["type"]), ("error", "invalid_argument"), request)
            self.assertIn(what, answer["error"]["message"])

    def test_code_that_is_too_long(self):
        answer = self.run_code("#" * ((16 << 20) + 1))
        self.assertIn("more than 16777216", answer["error"]["message"])
        self.assertEqual(self.value("#" * (8 << 20) + "\n5"), 5)


class Limits(Sessions):
    def test_a_timeout_keeps_the_variables(self):
        self.value("x = 1")
        answer = self.run_code("x = 2\nwhile True: pass", timeout="300ms")
        self.assertEqual((answer["outcome"], answer["exit_code"], answer["session_ended"]), ("timeout", None, False), answer)
        self.assertEqual(answer["error"]["type"], "KeyboardInterrupt")
        self.assertEqual(self.value("x"), 2)

    def test_a_timeout_before_the_driver_is_there(self):
        for language in ["python", "js"]:
            answer = self.run_code("while (1) { }" if language == "js" else "while True: pass", language=language, timeout="1us")
            self.assertEqual((answer["outcome"], answer["session_ended"]), ("timeout", False), answer)

    def test_code_that_does_not_stop_is_ended(self):
        self.value("x = 1")
        answer = self.run_code("while True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass",
                               timeout="300ms", grace="300ms")
        self.assertEqual((answer["outcome"], answer["session_ended"]), ("timeout", True), answer)
        self.assertIn("went on for 300 ms after it was interrupted", answer["error"]["message"])
        answer = self.run_code("x")
        self.assertEqual((answer["error"]["type"], answer["session_restarted"]), ("NameError", True))

    def test_values_that_are_too_large(self):
        error = self.error("x = 'a' * 1000\nx", value_bytes=1000)
        self.assertEqual(error["type"], "ValueTooLarge")
        self.assertIn("more than the limit value_bytes (1000)", error["message"])
        self.assertEqual(self.value("len(x)"), 1000)
        self.assertIn("value_bytes (1000)", self.error("'a'.repeat(1000)", language="js", value_bytes=1000)["message"])

    def test_a_process_that_ends_is_told(self):
        self.value("import os; x = 1")
        answer = self.run_code("print('last', flush=True); os._exit(7)")
        self.assertEqual((answer["outcome"], answer["exit_code"], answer["session_ended"], answer["stdout"]),
                         ("exited", 7, True, "last\n"))
        self.assertTrue(self.run_code("import os, signal")["session_restarted"])
        answer = self.run_code("os.kill(os.getpid(), signal.SIGKILL)")
        self.assertEqual((answer["outcome"], answer["signal"], answer["session_ended"]), ("signaled", "SIGKILL", True))

    def test_what_a_session_started_ends_with_it(self):
        self.value("import subprocess, os\nsubprocess.Popen(['sleep', '1000'], start_new_session=True); None")
        self.run_code("os._exit(0)")
        self.assertEqual(self.value("import subprocess; subprocess.run('ls -d /proc/[0-9]*', shell=True, capture_output=True, text=True).stdout.count('proc') <= 3"), True)


class WallTime(Sessions):
    options = ("--timeout", "3s")

    def test_the_sandbox_has_the_last_word(self):
        self.value("x = 1")
        answer = self.run_code("x = 2\nwhile True: pass")
        self.assertEqual((answer["outcome"], answer["session_ended"]), ("timeout", False), answer)
        self.assertEqual(self.value("x"), 2)
        answer = self.run_code("import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass", grace="1h")
        self.assertEqual((answer["outcome"], answer["session_ended"]), ("timeout", True), answer)
        self.assertLess(answer["usage"]["wall_ms"], 10_000)


class CpuTime(Sessions):
    options = ("--cpu-time", "2s")

    def test_cpu_time_interrupts(self):
        answer = self.run_code("while True: pass")
        self.assertEqual((answer["outcome"], answer["limit"], answer["session_ended"]), ("limit", "cpu.time", False), answer)
        self.assertEqual(self.value("1"), 1)


class Memory(Sessions):
    options = ("--memory", "128M")

    def test_memory_is_an_error_or_the_end(self):
        answer = self.run_code("x = []\nwhile True: x.append(bytearray(1 << 20))")
        self.assertTrue(answer["session_ended"] or answer["error"]["type"] == "MemoryError", answer)
        self.assertEqual(self.value("1"), 1)


class Output(Sessions):
    options = ("--output", "1K:truncate")

    def test_output_is_cut(self):
        answer = self.run_code("print('a' * 5000)")
        self.assertEqual((len(answer["stdout"]), answer["truncated"]["stdout"], answer["exit_code"]), (1024, True, 0))
        answer = self.run_code("print('b')")
        self.assertEqual((answer["stdout"], answer["truncated"]["stdout"]), ("b\n", False))


class OutputEnds(Sessions):
    options = ("--output", "1K")

    def test_output_ends_the_session(self):
        answer = self.run_code("print('a' * 5000)")
        self.assertEqual((answer["outcome"], answer["limit"], answer["session_ended"]), ("limit", "output.max", True))
        self.assertEqual(self.run_code("print('b')")["stdout"], "b\n")


class Hostile(Sessions):
    """The code has the descriptor over which the driver speaks, and says what it wants."""

    FIND = "import os, gc, _cloche_session\nfd = next(o for o in gc.get_objects() if type(o) is _cloche_session.Session).channel\n"

    def forge(self, frame):
        return self.run_code(f"{self.FIND}os.write(fd, {frame!r})\nwhile True: pass", timeout="20s", grace="100ms")

    def frame(self, header, body=b""):
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        return len(text).to_bytes(4, "little") + len(body).to_bytes(4, "little") + text + body

    GOOD = {"id": 1, "kind": "json", "repr": "r", "exit_code": 0, "displays": []}

    def test_forged_answers(self):
        for header, body, what in [
                (b"x", b"", "not JSON"), (b"[" * 100, b"", "not JSON"), ([1], b"", "no object"), ({}, b"", '"id"'),
                ({**self.GOOD, "id": 2}, b"1", "nobody asked"), ({**self.GOOD, "id": -1}, b"1", '"id"'),
                ({**self.GOOD, "id": 1.5}, b"1", '"id"'), ({**self.GOOD, "exit_code": 256}, b"1", '"exit_code"'),
                ({**self.GOOD, "kind": "x"}, b"1", '"kind"'), ({**self.GOOD, "kind": "none"}, b"1", '"kind"'),
                ({**self.GOOD, "kind": "text"}, b"\xff", '"kind"'), ({**self.GOOD, "repr": 1}, b"1", '"repr"'),
                ({**self.GOOD, "displays": {}}, b"1", '"displays"'), ({**self.GOOD, "displays": [{"a": "b"}]}, b"1", '"displays"'),
                ({**self.GOOD, "error": []}, b"1", '"error"')]:
            answer = self.forge(self.frame(header, body))
            self.assertEqual((answer["outcome"], answer["error"]["type"], answer["session_ended"]), ("error", "session_broken", True), (header, answer))
            self.assertIn(what, answer["error"]["message"])

    def test_sizes_that_lie(self):
        answer = self.forge(b"\xff" * 8)
        self.assertIn("longer than it may be", answer["error"]["message"])
        answer = self.forge(self.frame(self.GOOD, b"1") + b"more")
        self.assertIn("more follows", answer["error"]["message"])
        answer = self.run_code(f"{self.FIND}while True: os.write(fd, bytes(1 << 20))")
        self.assertEqual(answer["error"]["type"], "session_broken")

    def test_a_value_that_is_no_json_is_a_text(self):
        for number, body in enumerate([b"{", b"1 2", b"[1,\n2]", b"1\0", b"NaN", b"[" * 300 + b"]" * 300], 1):
            answer = self.forge(self.frame({**self.GOOD, "id": number}, body))
            self.assertEqual((answer["value_type"], answer["value"]), ("text", body.decode()), answer)
            self.cells.ask(do="close")
        forms = [{"application/json": "{", "text/plain": "t"}]
        answer = self.forge(self.frame({**self.GOOD, "id": 7, "displays": forms}, b"1"))
        self.assertEqual(answer["displays"], [{"text/plain": "t"}])

    def test_the_descriptor_is_closed(self):
        answer = self.run_code("import os\nos.closerange(3, 1024)")
        self.assertEqual((answer["error"]["type"], answer["session_ended"]), ("session_broken", True), answer)
        self.assertIn("closed the descriptor", answer["error"]["message"])
        answer = self.run_code("require('fs').closeSync(900)", language="js")
        self.assertEqual((answer["session_ended"], answer["value_type"]), (True, "none"), answer)

    def test_what_nobody_asked_for_is_dropped(self):
        self.value(f"{self.FIND}import threading, time\ndef talk():\n    time.sleep(0.2)\n    os.write(fd, b'x' * 100000)\n"
                   "threading.Thread(target=talk).start()")
        self.value("let later = new Promise((done) => setTimeout(done, 500)); await later", language="js")
        self.assertEqual(self.value("2"), 2)

    def test_nobody_else_can_open_it(self):
        answer = self.run_code(f"{self.FIND}open(f'/proc/self/fd/{{fd}}', 'wb')")
        self.assertIn(answer["error"]["type"], ("PermissionError",))
        answer = self.value("import subprocess; subprocess.run(['ls', '/proc/self/fd'], close_fds=False, capture_output=True, text=True).stdout")
        self.assertEqual(answer.split(), ["0", "1", "2", "3"])


class Command(TestCase):
    def test_cells(self):
        done = command("code", "--quiet", "-c", "x = 20", "-c", "print('hi'); x + 1")
        self.assert_ok(done, "hi\n21\n")
        self.assert_ok(command("code", "--quiet", "--language", "js", "-c", "let a = [1]", "-c", "a"), "[ 1 ]\n")

    def test_files_and_standard_input(self):
        python, js = self.folder / "a.py", self.folder / "b.js"
        python.write_text("open('/tmp/x', 'w').write('from python'); None")
        js.write_text("return require('fs').readFileSync('/tmp/x', 'utf8')")
        self.assert_ok(command("code", "--quiet", python, js), "'from python'\n")
        self.assert_ok(command("code", "--quiet", stdin=b"6 * 7"), "42\n")

    def test_exit_codes(self):
        done = command("code", "--quiet", "-c", "1 / 0", "-c", "print('never')")
        self.assertEqual((done.code, done.out), (1, ""), done)
        self.assertIn("ZeroDivisionError", done.err)
        self.assertEqual(command("code", "--quiet", "-c", "import sys; sys.exit(5)").code, 5)
        self.assertEqual(command("code", "--quiet", "--cell-timeout", "200ms", "-c", "while True: pass").code, TIMEOUT)
        for arguments in [["--language", "perl", "-c", "1"], ["-c", "1", "file"], ["--requests", "-c", "1"], ["/nowhere.py"]]:
            self.assertEqual(command("code", "--quiet", *arguments).code, OWN_ERROR)

    def test_bytes_that_are_no_text(self):
        done = command("code", "--quiet", stdin=b"\xff")
        self.assertEqual(done.code, OWN_ERROR)
        self.assertIn("not UTF-8", done.err)

    def test_tools(self):
        done = command("code", "--quiet", "--json", "--tool", "double=jq .n*2", "--allow-tool", "double", "--language", "js",
                       "-c", "return await tools.double({n: 21})")
        answer = json.loads(done.out)
        self.assertEqual((answer["value"], answer["tool_calls"][0]["tool"], answer["usage"]["tool_calls"]), (42, "double", 1))

    def test_audit(self):
        log = self.folder / "audit.jsonl"
        self.assert_ok(command("code", "--quiet", "--audit", log, "-c", "1"), "1\n")
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        kinds = [line["event"] for line in lines]
        self.assertLess(kinds.index("code.start"), kinds.index("code.end"))
        start = next(line for line in lines if line["event"] == "code.start")
        self.assertEqual((start["language"], start["session"], start["cell"], start["code_bytes"]), ("python", "main", 1, 1))


if __name__ == "__main__":
    unittest.main()
