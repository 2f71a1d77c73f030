"""JavaScript: the program `js`, beside Node where there is one, and the tools in it (docs/javascript.md).

The cases are js/*.js, one check a line of output. js/NAME.out is what Node says; where `node` is there,
it is asked again. What js does otherwise stands in js/differs.txt, with the reason.
`js_test.py --record` writes the .out files anew, by the node at hand.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import unittest

from support import TestCase, run

HERE = pathlib.Path(__file__).resolve().parent / "js"
NODE = shutil.which("node")
NODE_MAJOR = 20  # what the .out files were recorded by


def node_fits():
    if NODE is None:
        return False
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=False).stdout
    return version.startswith(f"v{NODE_MAJOR}.")


def cases():
    return sorted(path.stem for path in HERE.glob("*.js"))


def natively(name):
    done = subprocess.run([NODE, "--no-warnings", HERE / f"{name}.js"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "HOME": "/tmp", "TZ": "UTC", "LANG": "C.UTF-8"}, check=False)
    return done.stdout


def inside(name):
    return run("--quiet", "-v", f"{HERE}:/cases", "-w", "/cases", "-e", "TZ=UTC", "--", "js", f"{name}.js", timeout=120)


def checks(output):
    """{name of the check: what came out}"""
    found = {}
    for line in output.splitlines():
        name, separator, rest = line.partition(": ")
        if name.endswith(" threw"):
            name, rest = name[:-6], "threw " + rest
        found[name] = rest if separator else line
    return found


def known_differences():
    """{(case, check): reason}"""
    known = {}
    for line in (HERE / "differs.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            case, check, reason = line.split(" | ", 2)
            known[case, check] = reason
    return known


def compare(name):
    """The checks of a case, and {those that come out otherwise: (Node's, ours)}."""
    expected = checks((HERE / f"{name}.out").read_text())
    got = checks(inside(name).out)
    return expected, {check: (text, got.get(check)) for check, text in expected.items() if got.get(check) != text}


class AsNode(TestCase):
    def test_the_cases(self):
        known = known_differences()
        for name in cases():
            with self.subTest(name):
                expected, differing = compare(name)
                for check, (theirs, ours) in differing.items():
                    if (name, check) not in known:
                        self.fail(f"{name}: {check}\n  Node: {theirs}\n  js:   {ours}")
                stale = [check for case, check in known if case == name and check not in differing]
                self.assertEqual(stale, [], "these are as Node has them: take them out of differs.txt")

    @unittest.skipUnless(node_fits(), f"there is no node {NODE_MAJOR}")
    def test_node_says_what_was_recorded(self):
        for name in cases():
            with self.subTest(name):
                recorded, now = checks((HERE / f"{name}.out").read_text()), checks(natively(name))
                if now != recorded:
                    now = checks(natively(name))  # a busy machine
                self.assertEqual(now, recorded)


ECHO = ("--tool", "echo=cat", "--allow-tool", "echo")


class Tools(TestCase):
    """The tools of the host, in JavaScript."""

    def js(self, text, *options):
        return run("--quiet", *options, "--", "js", "--input-type=module", "-e", text)

    def assert_prints(self, text, expected, *options):
        self.assert_ok(self.js(text, *options), expected + "\n")

    def test_a_call(self):
        self.assert_prints("console.log(await tools.echo({a: 1, b: [null, 'é']}))", "{ a: 1, b: [ null, 'é' ] }", *ECHO)

    def test_names_with_slashes(self):
        self.assert_prints("console.log(await tools['a/b'](), typeof tools['a/b'])", "7 function",
                           "--tool", "a/b=echo 7", "--allow-tool", "a/*")

    def test_a_denied_call(self):
        text = """const mark = (e) => [e.constructor === ToolDenied, e.name, e.tool, e.reason.length > 0, e instanceof Error];
                  console.log(await tools.other({}).catch(mark), await tools['no name']().catch(mark), await tools['']().catch(mark))"""
        self.assert_prints(text, "[ true, 'ToolDenied', 'other', true, true ] [ true, 'ToolDenied', 'no name', true, true ] "
                           "[ true, 'ToolDenied', '', true, true ]", *ECHO)

    def test_the_reason_of_a_denial(self):
        policy = self.folder / "policy.json"
        policy.write_text('{"version": 1, "tools": [{"tool": "t", "where": {"symbol": {"eq": "ABC"}}, "calls": 1}]}')
        text = """console.log(await tools.t({symbol: 'X'}).catch((e) => e.reason));
                  console.log(await tools.t({symbol: 'ABC'}));
                  console.log(await tools.t({symbol: 'ABC'}).catch((e) => e.reason))"""
        done = self.js(text, "--policy", policy, "--tool", "t=echo 1")
        self.assert_ok(done, 'symbol must be exactly "ABC", is "X"\n1\nthe number of calls granted is used up\n')

    def test_a_sandbox_without_tools(self):
        self.assert_prints("console.log(await tools.t().catch((e) => [e.name, e.reason]), Object.keys(tools))",
                           "[ 'ToolDenied', 'this sandbox has no tools' ] []")

    def test_a_failed_call(self):
        text = "console.log(await tools.t({}).catch((e) => [e.constructor === ToolError, e.name, e.tool, e.reason]))"
        done = self.js(text, "--tool", "t=echo secret >&2; exit 3", "--allow-tool", "t")
        self.assert_ok(done, "[ true, 'ToolError', 't', 'the tool failed' ]\n")

    def test_nobody_catches_it(self):
        done = self.js("await tools.other({})", *ECHO)
        self.assertEqual((done.code, done.out), (1, ""))
        self.assertIn("ToolDenied: other: ", done.err)

    def test_calls_run_in_parallel(self):
        start = time.monotonic()
        text = "console.log((await Promise.all(Array.from({length: 8}, () => tools.slow()))).length)"
        self.assert_prints(text, "8", "--tool", "slow=sleep 1; echo 1", "--allow-tool", "slow")
        self.assertLess(time.monotonic() - start, 6)  # one after the other it would be 8

    def test_the_loop_goes_on_meanwhile(self):
        text = "let n = 0; const i = setInterval(() => ++n, 20); await tools.slow(); clearInterval(i); console.log(n > 5)"
        self.assert_prints(text, "true", "--tool", "slow=sleep 1; echo 1", "--allow-tool", "slow")

    def test_large_parameters_and_results(self):
        self.assert_prints("const x = 'a'.repeat(9e6); console.log((await tools.echo({x})).x === x)", "true", *ECHO)

    def test_what_is_no_object(self):
        text = """console.log(await Promise.all([1, 'x', null, [1], () => {}].map((p) => tools.echo(p).catch((e) => e.name))));
                  const a = {}; a.a = a; console.log(await tools.echo(a).catch((e) => e.name))"""
        self.assert_prints(text, "[ 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError' ]\nTypeError", *ECHO)

    def test_a_call_can_be_given_up(self):
        text = """const start = Date.now();
                  const why = await tools.slow({}, {signal: AbortSignal.timeout(50)}).catch((e) => e.name);
                  console.log(why, Date.now() - start < 20000)"""
        self.assert_prints(text, "TimeoutError true", "--tool", "slow=sleep 60; echo 1", "--allow-tool", "slow")

    def test_listing(self):
        text = """console.log(Object.keys(tools), 'echo' in tools, 'other' in tools);
                  import { list, callSync } from 'node:tools'; console.log(list().map((t) => t.tool), callSync('echo', {a: 1}));
                  try { callSync('other') } catch (e) { console.log(e.name) }"""
        self.assert_prints(text, "[ 'echo' ] true false\n[ 'echo' ] { a: 1 }\nToolDenied", *ECHO)

    def test_a_child_that_inherited_the_capability(self):
        text = """import { execFileSync } from 'child_process';
                  const call = "tools.a().then(console.log, (e) => console.log(e.name, e.tool))";
                  console.log(execFileSync('js', ['-e', call], {encoding: 'utf8'}).trim());
                  console.log(execFileSync('tool', ['only', 'b', '--', 'js', '-e', call], {encoding: 'utf8'}).trim());
                  console.log(execFileSync('tool', ['only', 'a', '--', 'js', '-e', call], {encoding: 'utf8'}).trim())"""
        self.assert_prints(text, "1\nToolDenied a\n1", "--tool", "a=echo 1", "--tool", "b=echo 2", "--allow-tool", "*")

    def test_declarations(self):
        policy = self.folder / "policy.json"
        policy.write_text('{"version": 1, "tools": [{"tool": "a/b", "where": {"n": {"gt": 1}}}]}')
        done = self.js("process.stdout.write(require('fs').readFileSync('/run/tools/tools.d.ts', 'utf8'))",
                       "--policy", policy, "--tool", "a/b=echo 1", "--tool", "other=echo 2")
        self.assertEqual(done.code, 0, done)
        self.assertIn("declare const tools: {", done.out)
        self.assertIn('"a/b"(parameters', done.out)
        self.assertNotIn("other", done.out)


class Program(TestCase):
    """js itself."""

    def js(self, *words, **options):
        return run("--quiet", *options.pop("run", ()), "--", "js", *words, **options)

    def test_what_is_absent_says_so(self):
        text = """for (const name of ['net', 'http', 'https', 'dns', 'worker_threads', 'zlib']) {
                    try { require(name); } catch (e) { console.log(e.code, e.message); } }
                  fetch('https://example.com').catch((e) => console.log(e.name, e.cause.message));
                  try { new WebAssembly.Module(); } catch (e) { console.log(e.message); }"""
        lines = self.js("-e", text).out.splitlines()
        self.assertEqual(len(lines), 8, lines)
        for line in lines[:4]:
            self.assertIn("no network capability", line)
        self.assertEqual(lines[6], "WebAssembly is not there inside: run the module as a program of its own")
        self.assertEqual(lines[7], "TypeError no network capability")

    def test_memory_ends_as_an_exception(self):
        text = """const all = [];
                  try { for (;;) all.push(new Uint8Array(1 << 20).fill(1)); } catch (e) { all.length = 0; console.log(e.message); }"""
        self.assert_ok(self.js("-e", text, run=("--memory", "100M")), "out of memory\n")
        # Of small objects so many that there is no room for an Error: then it is null.
        text = "let a = null; try { for (;;) a = { a }; } catch (e) { a = null; console.log('caught'); }"
        for memory in ("32M", "64M", "200M"):
            self.assert_ok(self.js("-e", text, run=("--memory", memory)), "caught\n")

    def test_deep_recursion_never_ends_the_process(self):
        kinds = [
            "f = () => f()", "f = () => [1].map(f)", "f = () => [1, 2].sort(f)", "f = () => 'a'.replace(/a/, f)",
            "f = () => new (class { constructor() { f(); } })()", "f = () => ({ get a() { return f(); } }).a",
            "f = () => `${{ toString: f }}`", "f = () => JSON.stringify({ toJSON: f })", "f = () => eval('f()')",
            "f = () => Reflect.apply(f, null, [])", "f = () => [...{ [Symbol.iterator]: f }]", "f = (...a) => f(...a)",
            "f = () => new Proxy({}, { get: f }).x", "f = function () { return f.bind(null)(); }", "f = () => new Function('f()')()",
            "f = () => { const g = function* () { yield* f(); }; return g().next(); }", "f = () => Array.from([1], f)",
            "f = () => JSON.parse('{\"a\":1}', f)", "f = () => 1 instanceof { [Symbol.hasInstance]: f }",
        ]
        texts = ["'('.repeat(N)+1+')'.repeat(N)", "'['.repeat(N)+']'.repeat(N)", "'{'.repeat(N)+'}'.repeat(N)", "'!'.repeat(N)+1",
                 "'(function(){return '.repeat(N)+1+'})'.repeat(N)", "'()=>'.repeat(N)+1", "'`${'.repeat(N)+1+'}`'.repeat(N)",
                 "'if(1)'.repeat(N)+';'", "'1?1:'.repeat(N)+1", "'(class{x='.repeat(N)+1+'})'.repeat(N)",
                 "'/'+'(?='.repeat(N)+'a'+')'.repeat(N)+'/'", "'({a:'.repeat(N)+1+'})'.repeat(N)"]
        data = ["JSON.parse('['.repeat(N)+']'.repeat(N))", "JSON.stringify(nest((a) => [a], []))", "nest((a) => [a], []).flat(Infinity)",
                "nest((a) => new Proxy(a, {}), {}).x", "nest((a) => new Proxy(a, {}), () => 1)()", "nest((a) => ({ a }), {})",
                "structuredClone(nest((a) => [a], []))", "require('util').isDeepStrictEqual(nest((a) => [a], []), nest((a) => [a], []))"]
        lines = [f"attempt(() => {{ let f; {kind}; f(); }});" for kind in kinds]
        lines[8] = "attempt(() => { globalThis.f = () => eval('f()'); f(); });"
        lines[14] = "attempt(() => { globalThis.f = () => new Function('f()')(); f(); });"
        lines += [f"attempt(() => eval({text}));" for text in texts] + [f"attempt(() => {text});" for text in data]
        text = """const N = 50000, nest = (wrap, a) => { for (let i = 0; i < N; ++i) a = wrap(a); return a; };
                  let n = 0; const attempt = (f) => { try { f(); } catch (e) { if (!(e instanceof Error)) throw e; } console.log(++n); };
               """ + "\n".join(lines)
        done = self.js("-e", text, timeout=200)
        self.assertEqual((done.code, done.out.splitlines()[-1:]), (0, [str(len(lines))]), done)

    def test_lines_on_a_terminal(self):
        done = self.js("-i", stdin=b"1 + 1\nconst x = [1,\n2]\nx.length\nawait 5\nnope\n.exit\n")
        self.assertEqual(done.code, 0, done)
        for piece in ("> 2\n", "> ... undefined\n> 2\n", "> 5\n", "Uncaught ReferenceError"):
            self.assertIn(piece, done.out)

    def test_random_numbers_differ_between_processes(self):
        text = "console.log(Math.random(), require('crypto').randomUUID())"
        self.assertEqual(len({self.js("-e", text).out for _ in range(3)}), 3)

    def test_help(self):
        self.assertIn("Usage: js", self.js("--help").out)
        self.assertEqual(self.js("--no-such").code, 9)


def record():
    for name in cases():
        (HERE / f"{name}.out").write_text(natively(name))
        print(name, len(checks((HERE / f"{name}.out").read_text())))


if __name__ == "__main__":
    if sys.argv[1:] == ["--record"]:
        record()
    else:
        unittest.main()
