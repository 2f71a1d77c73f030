"""Definitions, answers and prompts for models, without any framework."""

import asyncio
import json
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor

import cloche
import support
from cloche import models


class Definitions(unittest.TestCase):
    def test_of_a_sandbox(self):
        with cloche.Sandbox() as sandbox:
            chat = cloche.to_openai_tools(sandbox)
            responses = cloche.to_openai_tools(sandbox, api="responses", only=["python"])
            anthropic = cloche.to_anthropic_tools(sandbox)
        self.assertEqual([tool["function"]["name"] for tool in chat], ["bash", "python", "javascript"])
        self.assertEqual([tool["name"] for tool in anthropic], ["bash", "python", "javascript"])
        self.assertEqual((responses[0]["name"], responses[0]["strict"]), ("python", False))
        schema = chat[0]["function"]["parameters"]
        self.assertEqual((schema["required"], schema["additionalProperties"]), (["script"], False))
        self.assertEqual(anthropic[1]["input_schema"]["required"], ["code"])

    def test_of_tools(self):
        tool = cloche.Tool(support.get_price, name="shop/get.price")
        [definition] = cloche.to_anthropic_tools([tool])
        self.assertEqual(definition["name"], "shop_get_price")
        self.assertEqual(definition["input_schema"]["properties"], {"symbol": {"type": "string"}})

    def test_names_that_would_be_one(self):
        tools = [cloche.Tool(support.get_price, name=name) for name in ("a/b", "a.b")]
        with self.assertRaisesRegex(ValueError, "no name that models accept and no other tool has"):
            cloche.to_openai_tools(tools)

    def test_what_is_neither(self):
        with self.assertRaisesRegex(TypeError, "neither a sandbox nor a collection of tools: int"):
            cloche.to_openai_tools(3)
        with self.assertRaisesRegex(ValueError, "api is"):
            cloche.to_openai_tools([], api="assistants")


class Calls(unittest.TestCase):
    def setUp(self):
        self.sandbox = support.sandbox()
        self.addCleanup(self.sandbox.close)

    def test_answers(self):
        ask = lambda name, arguments: cloche.call_tool(self.sandbox, name, arguments)
        self.assertEqual(
            ask("bash", {"script": "echo out; echo err >&2; exit 3"}),
            "out\n[standard error]\nerr\n[exit code 3]",
        )
        self.assertEqual(ask("python", json.dumps({"code": "x = 2\nx * 21"})), "42")
        self.assertEqual(ask("javascript", {"code": "({a: [1, 'b']})"}), "{ a: [ 1, 'b' ] }")
        self.assertEqual(ask("bash", {"script": "true"}), "[no output]")
        self.assertIn("[ended by SIGKILL]", ask("bash", {"script": "kill -9 $$"}))

    def test_calls_that_no_definition_allows(self):
        for name, arguments in (
            ("bash", {}),
            ("bash", {"script": 3}),
            ("bash", {"script": "true", "more": 1}),
            ("bash", "{"),
            ("bash", "[]"),
            ("bash", "[" * 100_000),
            ("bash", {"script": "echo \ud800"}),
            ("bash", {"script": "a\0b"}),
            ("rm", {"script": "true"}),
        ):
            self.assertRegex(cloche.call_tool(self.sandbox, name, arguments), r"^\[not run: .*\]$")

    def test_limits_are_part_of_the_answer(self):
        answer = cloche.call_tool(
            self.sandbox, "bash", {"script": "echo before; while :; do :; done"}, timeout="300ms"
        )
        self.assertEqual(answer, "before\n[ended: the time was over]")

    def test_a_flood_is_cut_in_the_middle(self):
        answer = cloche.call_tool(self.sandbox, "bash", {"script": "seq 100000"}, max_output=1000)
        self.assertLess(len(answer), 1100)
        self.assertTrue(answer.startswith("1\n2\n") and answer.endswith("100000"))
        self.assertIn("characters left out", answer)

    def test_the_end_of_a_session_is_told(self):
        cloche.call_tool(self.sandbox, "python", {"code": "import os; os._exit(1)"})
        answer = cloche.call_tool(self.sandbox, "python", {"code": "1"})
        self.assertEqual(answer, "[a new session: the variables of the last one are gone]\n1")

    def test_several_calls_at_once_wait_for_each_other(self):
        cells = [f"import time; time.sleep(0.05); seen = globals().get('seen', 0) + 1; {n}" for n in range(4)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda code: cloche.call_tool(self.sandbox, "python", {"code": code}), cells))
        self.assertEqual(answers, ["0", "1", "2", "3"])
        self.assertEqual(cloche.call_tool(self.sandbox, "python", {"code": "seen"}), "4")

        async def ask():
            async with cloche.AsyncSandbox() as sandbox:
                calls = [cloche.acall_tool(sandbox, "python", {"code": code}) for code in cells]
                return await asyncio.gather(*calls)

        self.assertEqual(asyncio.run(ask()), ["0", "1", "2", "3"])

    def test_a_task_that_is_cancelled_ends_the_script(self):
        async def ask():
            script = {"script": "while :; do :; done"}
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(cloche.acall_tool(self.sandbox, "bash", script), 0.3)
            return await cloche.acall_tool(self.sandbox, "bash", {"script": "echo free"})

        self.assertEqual(asyncio.run(ask()), "free")

    def test_asyncio(self):
        async def ask():
            async with cloche.AsyncSandbox() as sandbox:
                with self.assertRaisesRegex(TypeError, "await acall_tool"):
                    cloche.call_tool(sandbox, "bash", {"script": "true"})
                return await cloche.acall_tool(sandbox, "bash", {"script": "echo hi"})

        self.assertEqual(asyncio.run(ask()), "hi")
        self.assertEqual(asyncio.run(cloche.acall_tool(self.sandbox, "bash", {"script": "echo hi"})), "hi")


class Prompt(unittest.TestCase):
    def test_it_says_what_there_is(self):
        with support.sandbox(
            mounts=[cloche.Mount("/usr/share", "/data")], limits=cloche.Limits(memory="200M", cpu_time=3)
        ) as sandbox:
            text = cloche.system_prompt(sandbox)
            for said in (
                "/data is the user's, read-only.",
                "200M of memory",
                "3s of CPU time",
                "sqlite3",
                "python3 (",
                "Network: none",
                '[allowed: symbol one of "AAPL", "MSFT"; 2 more calls]',
            ):
                self.assertIn(said, text)
            sandbox.run("tool call get_price --symbol AAPL").check()
            sandbox.set_limit("memory", "300M")
            changed = cloche.system_prompt(sandbox)
            self.assertIn("1 more call", changed)
            self.assertIn("300M of memory", changed)

    def test_what_was_not_granted_is_not_there(self):
        with cloche.Sandbox(tools=[support.get_price]) as sandbox:
            self.assertIn("Tools of the host: none.", cloche.system_prompt(sandbox))

    def test_of_a_policy(self):
        policy = {"version": 1, "mounts": [{"host": "/usr/share", "guest": "/data", "mode": "cow"}]}
        with cloche.Sandbox(policy=policy) as sandbox:
            self.assertIn(
                "/data is the user's, writable: writes stay in the sandbox.", cloche.system_prompt(sandbox)
            )

    def test_asyncio(self):
        async def ask():
            async with support.async_sandbox() as sandbox:
                return await cloche.asystem_prompt(sandbox)

        self.assertIn("get_price(symbol: string): What one share costs, in dollars.", asyncio.run(ask()))


class Imports(unittest.TestCase):
    def test_openai(self):
        definition = {
            "name": "add",
            "description": "Adds.",
            "parameters": {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
                "required": ["a", "b"],
            },
        }
        for definitions in (
            [{"type": "function", "function": definition}],
            [{"type": "function", **definition}],
        ):
            tools = cloche.from_openai_tools(definitions, {"add": lambda a, b: a + b})
            with cloche.Sandbox(tools=tools, grants=["add"]) as sandbox:
                self.assertEqual(sandbox.run("tool call add --a 2 --b 3").stdout, "5\n")
                self.assertIn("denied", sandbox.run("tool call add --a 2").stderr)  # the schema's b

    def test_anthropic(self):
        heard = []

        async def call(name, parameters):
            heard.append((name, parameters))
            return "sunny"

        definitions = [
            {
                "name": "weather",
                "description": "Of a town.",
                "input_schema": {
                    "type": "object",
                    "properties": {"town": {"type": "string"}},
                    "required": ["town"],
                },
            }
        ]
        tools = cloche.from_anthropic_tools(definitions, call)
        with cloche.Sandbox(tools=tools, grants=[cloche.Grant("weather", where={"town": "Oslo"})]) as sandbox:
            self.assertEqual(sandbox.run_python("import tools; tools.weather(town='Oslo')").value, "sunny")
            self.assertEqual(sandbox.run("tool call weather --town Rome").exit_code, 77)
        self.assertEqual(heard, [("weather", {"town": "Oslo"})])

    def test_schemas_of_older_drafts(self):
        draft = "http://json-schema.org/draft-07/schema#"

        def tools(**schema):
            definition = {"name": "t", "input_schema": {"$schema": draft, "type": "object", **schema}}
            return cloche.from_anthropic_tools([definition], {"t": lambda **parameters: sorted(parameters)})

        properties = {"id": {"$ref": "#/definitions/n"}, "dependencies": {}}
        same = tools(properties=properties, definitions={"n": {"type": "integer"}})
        with cloche.Sandbox(tools=same, grants=["t"]) as sandbox:
            self.assertEqual(sandbox.run("tool call t --id 3").stdout, '["id"]\n')
            self.assertIn("denied", sandbox.run("""tool call t --json '{"id": "x"}'""").stderr)
        for other in ({"properties": {"a": {"items": [{}]}}}, {"dependencies": {"a": ["b"]}}):
            with self.assertRaisesRegex(ValueError, "an old draft, and .* means another thing"):
                tools(**other)

    def test_what_is_refused(self):
        with self.assertRaisesRegex(ValueError, "no function: 'web_search'"):
            cloche.from_openai_tools([{"type": "web_search"}], {})
        with self.assertRaisesRegex(ValueError, "nothing is there to do the calls of 'a'"):
            cloche.from_openai_tools([{"type": "function", "name": "a"}], {})
        with self.assertRaisesRegex(ValueError, "a tool of the provider"):
            cloche.from_anthropic_tools([{"type": "bash_20250124", "name": "bash"}], {})
        with self.assertRaisesRegex(ValueError, "no JSON Schema but NoneType"):
            cloche.from_anthropic_tools([{"name": "a"}], {"a": print})


class Imported(unittest.TestCase):
    """The fronts can be imported without their frameworks."""

    def test_the_extra_is_named(self):
        for module, name, extra in (
            ("langchain", "sandbox_tools", "langchain"),
            ("deepagents", "ClocheBackend", "deepagents"),
            ("openai_agents", "ClocheSandboxClient", "openai-agents"),
            ("smolagents", "ClocheExecutor", "smolagents"),
            ("pydantic_ai", "ClocheToolset", "pydantic-ai"),
        ):
            with self.subTest(module):
                code = (
                    "import sys\n"
                    "class Gone:\n"
                    "    def find_spec(self, name, *_):\n"
                    "        if name.split('.')[0] in ('langchain_core', 'deepagents', 'agents', 'smolagents', 'pydantic_ai'):\n"
                    "            raise ModuleNotFoundError(name, name=name)\n"
                    "sys.meta_path.insert(0, Gone())\n"
                    f"import cloche.integrations.{module} as front\n"
                    f"try: from cloche.integrations.{module} import {name}\n"
                    "except ImportError as error: print(error)\n"
                    "print(hasattr(front, 'nothing'))\n"
                )
                done = subprocess.run(
                    [sys.executable, "-c", code], capture_output=True, text=True, check=True
                )
                self.assertIn(f"pip install 'cloche[{extra}]'\nFalse\n", done.stdout)

    def test_cloche_itself_imports_none(self):
        code = "import cloche, sys; cloche.Sandbox; print('asyncio' in sys.modules, 'cloche.models' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "False False\n")


class Endings(unittest.TestCase):
    def test_exit_status(self):
        from cloche import _texts

        with cloche.Sandbox(limits=cloche.Limits(output="1K")) as sandbox:
            rows = (
                ("exit 5", {}, 5),
                ("kill -TERM $$", {}, 143),
                ("kill -40 $$", {}, 168),
                ("while :; do :; done", {"timeout": "100ms"}, 124),
                ("seq 10000", {}, 137),
                (["/none"], {}, 127),
                (["/etc/passwd"], {}, 126),
            )
            for command, options, status in rows:
                with self.subTest(command):
                    self.assertEqual(_texts.exit_status(sandbox.run(command, **options)), status)
            self.assertEqual(
                models.result_text(sandbox.run("seq 10000")).splitlines()[-1],
                "[ended at the limit output.max]",
            )


if __name__ == "__main__":
    unittest.main(verbosity=2)
