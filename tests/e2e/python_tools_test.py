"""The tools of the host in Python: the module `tools`, and the stubs in /run/tools (docs/python.md, "Tools")."""

import json
import time
import unittest

from support import TestCase, result, run

ECHO = ("--tool", "echo=cat", "--allow-tool", "echo")
SLOW = ("--tool", "slow=sleep 1; cat", "--allow-tool", "slow")


class Tools(TestCase):
    def python(self, program, *options, **rest):
        return run("--quiet", *options, "--", "python3", "-c", program, **rest)

    def assert_prints(self, program, expected, *options, **rest):
        self.assert_ok(self.python(program, *options, **rest), expected)

    def policy(self, *tools):
        path = self.folder / "policy.json"
        path.write_text(json.dumps({"version": 1, "tools": tools}))
        return ("--policy", path)


class Calls(Tools):
    def test_all_ways_to_call(self):
        self.assert_prints("""
import tools
from tools import echo
print(tools.echo(a=1, b=[None, "é"]), echo({"a": 2}), tools["echo"](a=3), tools.call("echo", {"a": 4}), tools.call("echo", a=5))
print(tools.echo(), tools.echo(self=1, parameters=2, name=3), tools["a/b"](x=1))
""", "{'a': 1, 'b': [None, 'é']} {'a': 2} {'a': 3} {'a': 4} {'a': 5}\n"
                           "{} {'name': 3, 'parameters': 2, 'self': 1} 7\n",
                           *ECHO, "--tool", "a/b=echo 7", "--allow-tool", "a/*")

    def test_names_that_the_module_has_itself(self):
        names = ("list", "call", "aio", "class", "str", "a-b", "a.b", "os", "json")
        options = [word for name in names for word in ("--tool", f"{name}=echo '\"{name}\"'")]
        self.assert_prints(f"""
import tools
print(*(tools.call(name) for name in {names}), *(tools[name]() for name in {names}), tools.os(), tools.json())
print(sorted(one["tool"] for one in tools.list()) == sorted({names}))
""", " ".join([*names, *names, "os", "json"]) + "\nTrue\n", *options, "--allow-tool", "*")

    def test_what_may_be_called(self):
        self.assert_prints("""
import tools
print([sorted(one) for one in tools.list()], tools.show("echo")["tool"], "echo" in tools, "other" in tools, [*tools])
print("echo" in dir(tools), "other" in dir(tools), set(tools.__all__) <= set(dir(tools)))
try: tools.show("other")
except tools.ToolDenied as error: print(error)
""", "[['conditions', 'description', 'parameters', 'result', 'tool']] echo True False ['echo']\nTrue False True\n"
                           "other: no tool of that name may be called\n", *ECHO, "--tool", "other=cat")

    def test_large_parameters_and_results(self):
        self.assert_prints("""
import asyncio, tools
x = "é" * 4_000_000
print(tools.echo(x=x)["x"] == x, asyncio.run(tools.aio.echo(x=x))["x"] == x)
for size in range(4060, 4110): assert tools.echo(x="a" * size)["x"] == "a" * size, size
""", "True True\n", *ECHO)

    def test_what_is_too_large_fails_and_the_next_call_works(self):
        self.assert_prints("""
import tools
for size in (17_000_000, 68_000_000):
    try: tools.echo(x="a" * size)
    except tools.ToolError as error: print(error)
    except tools.ToolDenied as error: print("denied", error.reason[:30])
print(tools.echo(x=1))
""", "echo: the tool was ended: its result is too long\necho: the parameters are too long\n{'x': 1}\n", *ECHO)

    def test_numbers(self):
        self.assert_prints("""
import tools
numbers = [10 ** 300, -1, 0.1, 1e-300, True, 2 ** 53 + 1]
print(tools.echo(x=numbers)["x"] == numbers)
""", "True\n", *ECHO)


class Errors(Tools):
    def test_denied(self):
        self.assert_prints("""
import tools
for call in (tools.other, tools["a/b"]):
    try: call(x=1)
    except tools.ToolDenied as error: print(type(error).__mro__[1].__name__, error.tool, error.reason, "|", error)
for name in ("no name", "", "a\\nb", "x" * 300, "é", "\\ud800"):
    try: tools.call(name)
    except tools.ToolDenied as error: print(error.tool == name, error.reason)
""", "Exception other no capability for other | other: no capability for other\n"
                           "Exception a/b no capability for a/b | a/b: no capability for a/b\n"
                           + "True this is no name of a tool\n" * 6, *ECHO, "--tool", "other=cat")

    def test_conditions_and_budgets(self):
        options = self.policy({"tool": "t", "where": {"symbol": {"eq": "ABC"}}, "calls": 1})
        self.assert_prints("""
import tools
for symbol in ("X", "ABC", "ABC"):
    try: print(tools.t(symbol=symbol))
    except tools.ToolDenied as error: print(error.reason)
""", 'symbol must be exactly "ABC", is "X"\n1\nthe number of calls granted is used up\n', *options, "--tool", "t=echo 1")

    def test_a_tool_that_fails_says_nothing_of_its_own(self):
        done = self.python("""
import pickle, tools
try: tools.t()
except tools.ToolError as error: print(error.tool, error.reason, repr(pickle.loads(pickle.dumps(error))))
tools.t()
""", "--tool", "t=echo secret >&2; exit 3", "--allow-tool", "t")
        self.assertEqual((done.code, done.out), (1, "t the tool failed ToolError('t', 'the tool failed')\n"))
        self.assertEqual(done.err.splitlines()[-1], "tools.ToolError: t: the tool failed")
        self.assertNotIn("secret", done.err)

    def test_a_sandbox_without_tools(self):
        self.assert_prints("""
import tools
print(tools.list(), dir(tools).count("echo"), tools.echo.__doc__)
try: tools.echo()
except tools.ToolDenied as error: print(error)
""", "[] 0 A tool that this process may not call.\necho: this sandbox has no tools\n")

    def test_what_is_no_parameter_is_refused_before_the_call(self):
        value = result(*ECHO, "--", "python3", "-c", """
import decimal, tools
def loop():
    a = {}; a["a"] = a
    return a
for wrong in ([1], "x", 5, b"", None.__class__, {1: 2}, {"a": object()}, {"b": 1, "a": float("nan")}, {"a": [decimal.Decimal("Infinity")]},
              {"a": {"b": "\\ud800"}}, {"a": print}, {"a": (n for n in ())}, loop()):
    try: print(tools.echo(wrong))
    except (TypeError, ValueError) as error: print(type(error).__name__, error)
try: tools.echo({"a": 1}, b=2)
except TypeError as error: print(error)
try: tools.call(3)
except TypeError as error: print(error)
""")
        self.assertEqual(value["tool_calls"], [])
        self.assertEqual(value["stdout"].splitlines(), [
            "TypeError echo: parameters are one dict, not list", "TypeError echo: parameters are one dict, not str",
            "TypeError echo: parameters are one dict, not int", "TypeError echo: parameters are one dict, not bytes",
            "TypeError echo: parameters are one dict, not type", "TypeError echo: the name of a parameter must be a str, not int",
            "TypeError echo: parameter 'a': a value of type object has no form in JSON",
            "ValueError echo: parameter 'a': Out of range float values are not JSON compliant: nan",
            "ValueError echo: parameter 'a': Decimal('Infinity') is no number of JSON",
            "ValueError echo: parameter 'a': half of a surrogate pair is no text",
            "TypeError echo: parameter 'a': a value of type builtin_function_or_method has no form in JSON",
            "TypeError echo: parameter 'a': a value of type generator has no form in JSON",
            "ValueError echo: parameter 'a': Circular reference detected",
            "echo: parameters are one dict or keywords, not both", "the name of a tool must be a str, not int"])


class Values(Tools):
    def test_values_that_json_does_not_know(self):
        program = """
import collections, dataclasses, datetime as d, decimal, enum, json, pathlib, tools, types, uuid
@dataclasses.dataclass
class Point:
    x: int
    at: d.datetime
class Colour(enum.Enum): RED = "red"
class Level(enum.IntEnum): HIGH = 3
class Model:
    def model_dump(self): return {"id": uuid.UUID(int=5)}
class Array:
    def tolist(self): return [[1, 2]]
utc = d.datetime(2026, 1, 2, 3, 4, 5, tzinfo=d.UTC)
print(json.dumps(tools.echo(
    point=Point(1, utc), naive=utc.replace(tzinfo=None), date=utc.date(), time=d.time(1, 2), colour=Colour.RED, level=Level.HIGH,
    uuid=uuid.UUID(int=1), path=pathlib.Path("/a") / "b", data=b"\\xff\\0", array=bytearray(b"a"), view=memoryview(b"b"),
    set={3, 1, 2}, frozen=frozenset(["b", "a"]), mixed={1}, tuple=(1, (2,)), deque=collections.deque([1]),
    mapping=types.MappingProxyType({"k": 1}), keys={"a": 1}.keys(), model=Model(), numpy=Array(), big=2 ** 70, text="\\u2028é😀",
)))
print(tools.echo(Point(2, utc)), tools.echo(Model()), tools.echo(types.MappingProxyType({"k": 1})))
"""
        done = self.python(program, *ECHO)
        self.assertEqual(done.code, 0, done)
        first, _, rest = done.out.partition("\n")
        self.assertEqual(json.loads(first), {
            "point": {"x": 1, "at": "2026-01-02T03:04:05+00:00"}, "naive": "2026-01-02T03:04:05", "date": "2026-01-02", "time": "01:02:00",
            "colour": "red", "level": 3, "uuid": "00000000-0000-0000-0000-000000000001", "path": "/a/b", "data": "/wA=", "array": "YQ==",
            "view": "Yg==", "set": [1, 2, 3], "frozen": ["a", "b"], "mixed": [1], "tuple": [1, [2]], "deque": [1], "mapping": {"k": 1},
            "keys": ["a"], "model": {"id": "00000000-0000-0000-0000-000000000005"}, "numpy": [[1, 2]], "big": 2 ** 70, "text": "\u2028é😀"})
        self.assertEqual(rest, "{'at': '2026-01-02T03:04:05+00:00', 'x': 2} {'id': '00000000-0000-0000-0000-000000000005'} {'k': 1}\n")

    def test_a_decimal_is_a_number_of_all_its_digits(self):
        options = self.policy({"tool": "t", "where": {"amount": {"le": 100}, "note": {"exists": True}}})
        log = self.folder / "audit.jsonl"
        self.assert_prints("""
import tools
from decimal import Decimal
for amount in (Decimal("99.90"), Decimal("1E+2"), Decimal("100.0000000000000000000000001")):
    try: print(tools.t(amount=amount, note=["ü", 1.5, None, {"a": True, "b": (Decimal(-0),)}]))
    except tools.ToolDenied as error: print(error.reason)
""", "1\n1\namount must be up to 100, is 100.0000000000000000000000001\n", *options, "--tool", "t=echo 1", "--audit", log)
        calls = [line for line in log.read_text().splitlines() if '"event":"tool.call"' in line]
        self.assertIn('"amount":99.90,"note":["ü",1.5,null,{"a":true,"b":[0]}]', calls[0])


class Parallel(Tools):
    def test_gather(self):
        start = time.monotonic()
        self.assert_prints("""
import asyncio, tools
async def main():
    found = await asyncio.gather(*(tools.aio.slow(n=n) for n in range(16)), tools.aio["slow"]({"n": 16}), tools.aio.call("slow", n=17))
    print([one["n"] for one in found] == list(range(18)))
    print([one["n"] for one in await asyncio.gather(*(tools.aio.slow(n=n) for n in range(3)))])  # on the same conversations
    for error in await asyncio.gather(tools.aio.other(), tools.aio.fails(), tools.aio.slow([]), return_exceptions=True):
        print(type(error).__name__, error)
asyncio.run(main())
""", "True\n[0, 1, 2]\nToolDenied other: no capability for other\nToolError fails: the tool failed\n"
                           "TypeError slow: parameters are one dict, not list\n",
                           *SLOW, "--tool", "fails=exit 1", "--allow-tool", "fails")
        self.assertLess(time.monotonic() - start, 10)  # one after the other it would be 21

    def test_the_loop_runs_on(self):
        self.assert_prints("""
import asyncio, tools
async def main():
    call, turns = asyncio.create_task(tools.aio.slow()), 0
    while not call.done():
        turns += 1
        await asyncio.sleep(0.02)
    print(turns > 5)
asyncio.run(main())
""", "True\n", *SLOW)

    def test_a_cancelled_call_is_given_up(self):
        log = self.folder / "audit.jsonl"
        self.assert_prints("""
import asyncio, tools, time
async def main():
    start = time.monotonic()
    try: await asyncio.wait_for(tools.aio.hangs(), 0.1)
    except TimeoutError: print("late")
    async def both():
        async with asyncio.TaskGroup() as group:
            group.create_task(tools.aio.hangs())
            group.create_task(tools.aio.other())
    try: await both()
    except* tools.ToolDenied: print("denied")
    print(await tools.aio.echo(a=1), time.monotonic() - start < 20)
asyncio.run(main())
""", "late\ndenied\n{'a': 1} True\n", *ECHO, "--tool", "hangs=sleep 60", "--allow-tool", "hangs", "--audit", log)
        ends = [json.loads(line)["outcome"] for line in log.read_text().splitlines() if '"event":"tool.end"' in line]
        self.assertEqual(ends.count("cancelled"), 2, ends)

    def test_threads(self):
        start = time.monotonic()
        self.assert_prints("""
import threading, tools
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    print([one["n"] for one in pool.map(lambda n: tools.slow(n=n), range(8))])
    wrong = [n for n, one in enumerate(pool.map(lambda n: tools.quick(n=n), range(200))) if one != {"n": n}]
    print(wrong)
found = []
thread = threading.Thread(target=lambda: found.append(tools.quick(a=1)))
thread.start(); thread.join()
print(found)
""", "[0, 1, 2, 3, 4, 5, 6, 7]\n[]\n[{'a': 1}]\n", *SLOW, "--tool", "quick=cat", "--allow-tool", "quick")
        self.assertLess(time.monotonic() - start, 20)

    def test_a_signal_ends_a_call_and_the_next_works(self):
        self.assert_prints("""
import signal, tools
signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
signal.setitimer(signal.ITIMER_REAL, 0.2)
try: tools.hangs()
except ZeroDivisionError: print("interrupted")
signal.signal(signal.SIGALRM, lambda *_: print("signal"))
signal.setitimer(signal.ITIMER_REAL, 0.2)
print(tools.slow(a=1))  # a handler that returns interrupts nothing
""", "interrupted\nsignal\n{'a': 1}\n", *SLOW, "--tool", "hangs=sleep 60", "--allow-tool", "hangs")


class Children(Tools):
    TWO = ("--tool", "a=echo 1", "--tool", "b=echo 2", "--allow-tool", "*")

    def test_a_child_by_fork_has_a_conversation_of_its_own(self):
        self.assert_prints("""
import os, threading, time, tools
thread = threading.Thread(target=lambda: print("parent", tools.slow(n=1), flush=True))
tools.quick(n=0)
thread.start()
time.sleep(0.3)  # its call is under way
children = []
for n in range(4):
    child = os.fork()
    if child == 0:
        os._exit(0 if [tools.quick(n=n + 10 * i) for i in range(5)] == [{"n": n + 10 * i} for i in range(5)] else 1)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children], tools.quick(n=5), flush=True)
thread.join()
""", "[0, 0, 0, 0] {'n': 5}\nparent {'n': 1}\n", "--tool", "slow=sleep 3; cat", "--allow-tool", "slow",
                           "--tool", "quick=cat", "--allow-tool", "quick")

    def test_multiprocessing(self):
        self.assert_prints("""
import multiprocessing, tools
if __name__ == "__main__":
    tools.echo()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(tools.echo, [{"a": 1}, {"a": 2}]))
        try: pool.apply(tools.other)
        except tools.ToolDenied as error: print(error.tool, error.reason)
""", "[{'a': 1}, {'a': 2}]\nother no capability for other\n", *ECHO)

    def test_a_child_has_what_it_inherited_and_no_more(self):
        self.assert_prints("""
import subprocess, sys, tools
CALL = '''
import tools
for tool in (tools.a, tools.b):
    try: print(tool(), end=" ")
    except tools.ToolDenied as error: print(error, end="; ")
print([one["tool"] for one in tools.list()], [word for word in ("def a(", "def b(") if word in open("/run/tools/tools.pyi").read()])
'''
tools.a()  # leaves an open conversation
def child(*before): return subprocess.check_output([*before, sys.executable, "-c", CALL], text=True)
print(child(), child("tool", "only", "b", "--"), sep="", end="")
print(child("tool", "only", '{"tool": "a", "calls": 0}', "--"), end="")
print(child("tool", "only", "b", "--", "bash", "-c", 'exec "$@"', "x"), end="")
""", "1 2 ['a', 'b'] ['def a(', 'def b(']\na: no capability for a; 2 ['b'] ['def b(']\n"
                           "a: the number of calls granted is used up; b: no capability for b; ['a'] ['def a(']\n"
                           "a: no capability for a; 2 ['b'] ['def b(']\n", *self.TWO)

    def test_no_conversation_reaches_another_program(self):
        self.assert_prints("""
import os, subprocess, tools
tools.a()
COUNT = "ls -l /proc/$0/fd | grep -c /dev/tool"
def count(pid): return subprocess.run(["bash", "-c", COUNT, pid], capture_output=True, text=True, close_fds=False).stdout
print(count(str(os.getpid())), subprocess.run(["bash", "-c", COUNT.replace("$0", "$$")], stdout=-1, close_fds=False).stdout)
""", "1\n b'0\\n'\n", *self.TWO)


class Stubs(Tools):
    def test_they_are_of_the_process_that_reads_them(self):
        script = """cat /run/tools/tools.pyi; tool only b -- cat /run/tools/tools.pyi; cat /run/tools/tools.d.ts
                    tool only b -- cat /run/tools/tools.d.ts; ls /run/tools"""
        done = run("--quiet", *Children.TWO, "--tool", "d/e=echo 4", "-c", script)
        self.assertEqual([done.out.count(word) for word in ("\ndef a(", "\ndef b(", "\n  a(", "\n  b(", "d/e")], [1, 2, 1, 2, 0])
        self.assertEqual(done.out.splitlines()[-4:], ["tools.d.ts", "tools.json", "tools.pyi", "tools.txt"])

    def test_python_parses_them_and_knows_what_they_say(self):
        policy = self.policy({"tool": "t", "where": {"note": {"eq": 'a"""b\n*/'}}}, {"tool": "a/b"}, {"tool": "class"})
        done = self.python("""
import ast, inspect, tools
module = ast.parse(open("/run/tools/tools.pyi").read())
print([node.name for node in module.body if isinstance(node, ast.FunctionDef)])
print(tools.t.__doc__)
print(inspect.signature(tools.t), inspect.signature(tools["a/b"]), inspect.signature(tools["list"]))
help(tools.t)
""", *policy, "--tool", "t=echo 1", "--tool", "a/b=echo 1", "--tool", "class=echo 1")
        self.assertEqual(done.code, 0, done)
        lines = done.out.splitlines()
        self.assertEqual(lines[0], "['list', 'show', 't', 'call', 'call', 'call']")
        self.assertTrue(lines[1].startswith("Allowed: "), lines[1])
        self.assertIn('a"""b', lines[1].replace("\\", ""))
        self.assertEqual(lines[2], "(parameters: Mapping[str, Any] = ..., /, **named: Any) -> Any "
                         "(parameters: Mapping[str, Any] = ..., /) -> Any (parameters=None, /, **named)")
        self.assertIn("Help on Tool", done.out)
        self.assertEqual(done.out.count("Allowed: "), 2)


if __name__ == "__main__":
    unittest.main()
