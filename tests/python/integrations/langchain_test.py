"""LangChain, with its own agent and a scripted chat model."""

import asyncio
import unittest

import cloche
import support
from cloche.integrations.langchain import SandboxTool, sandbox_tools
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import ToolException, tool


class Scripted(FakeMessagesListChatModel):
    """Says its lines one after the other; remembers which tools it was given."""

    offered: list = []

    def bind_tools(self, tools, **_):
        self.offered.extend(tools)
        return self


def call(name, number, **arguments):
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": f"call-{number}"}])


def answers(state):
    return [message for message in state["messages"] if isinstance(message, ToolMessage)]


class Agent(unittest.TestCase):
    def agent(self, sandbox, *lines):
        self.model = Scripted(responses=[*lines, AIMessage("done")])
        return create_agent(self.model, sandbox_tools(sandbox), system_prompt=cloche.system_prompt(sandbox))

    def test_a_script_then_a_cell_then_the_tool(self):
        with support.sandbox() as sandbox:
            agent = self.agent(
                sandbox,
                call("bash", 1, script="echo 6 7 > numbers; cat numbers"),
                call("python", 2, code="a, b = map(int, open('numbers').read().split())\na * b"),
                call("python", 3, code="import tools; tools.get_price(symbol='AAPL') + a"),
            )
            said = answers(agent.invoke({"messages": [("user", "multiply")]}))
            self.assertEqual([message.content for message in said], ["6 7", "42", "236.5"])
            self.assertTrue(all(message.status == "success" for message in said))
            self.assertEqual(said[1].artifact.value, 42)
            self.assertEqual([tool.name for tool in self.model.offered[:3]], ["bash", "python", "javascript"])

    def test_what_is_denied_is_said(self):
        with support.sandbox() as sandbox:
            agent = self.agent(
                sandbox,
                call("bash", 1, script="tool call get_price --symbol TSLA"),
                call("bash", 2, script="cat /etc/shadow"),
                call("bash", 3, command="ls"),
            )
            said = answers(agent.invoke({"messages": [("user", "rob")]}))
            self.assertIn('symbol must be one of "AAPL", "MSFT", is "TSLA"', said[0].content)
            self.assertTrue(said[0].content.endswith("[exit code 77]"))
            self.assertIn("No such file or directory", said[1].content)
            self.assertEqual(said[2].status, "error")
            self.assertIn("script", said[2].content)

    def test_async_agent_of_an_async_sandbox(self):
        async def ask():
            async with support.async_sandbox() as sandbox:
                model = Scripted(
                    responses=[
                        call("javascript", 1, code="return [1, 2].map((n) => n * 2)"),
                        AIMessage("done"),
                    ]
                )
                agent = create_agent(model, sandbox_tools(sandbox, only=["javascript"]))
                return answers(await agent.ainvoke({"messages": [("user", "double")]}))

        self.assertEqual(asyncio.run(ask())[0].content, "[ 2, 4 ]")

    def test_time_is_limited(self):
        with support.sandbox() as sandbox:
            [bash] = sandbox_tools(sandbox, only=["bash"], timeout="300ms")
            self.assertIsInstance(bash, SandboxTool)
            self.assertIn("[ended: the time was over]", bash.invoke({"script": "while :; do :; done"}))

    def test_a_language_that_is_not_there(self):
        with support.sandbox() as sandbox:
            with self.assertRaisesRegex(ValueError, "no such action in this sandbox: perl; there are bash"):
                sandbox_tools(sandbox, only=["perl"])


class Import(unittest.TestCase):
    def test_tools_of_langchain_inside(self):
        @tool
        def add(a: int, b: int = 1) -> int:
            """Adds two numbers."""
            return a + b

        made = cloche.from_langchain_tools([add])
        self.assertEqual((made[0].name, made[0].description), ("add", "Adds two numbers."))
        self.assertEqual(made[0].parameters["required"], ["a"])
        with cloche.Sandbox(tools=made, grants=[cloche.Grant("add", where={"a": {"le": 5}})]) as sandbox:
            self.assertEqual(sandbox.run_python("import tools; tools.add(a=5)").value, 6)
            self.assertIn("tools.ToolDenied", sandbox.run_python("tools.add(a=6)").stderr)
            self.assertIn("b", sandbox.run_python("tools.add(a=5, b=1)").stderr)  # b is not granted

    def test_async_tools_of_langchain_inside(self):
        @tool
        async def shout(text: str) -> str:
            """Shouts."""
            await asyncio.sleep(0)
            return text.upper()

        with cloche.Sandbox(
            tools=cloche.from_langchain_tools([shout]),
            grants=[cloche.Grant("shout", where={"text": {"max_length": 9}})],
        ) as sandbox:
            self.assertEqual(sandbox.run("tool call shout --text hey").stdout, '"HEY"\n')

    def test_a_tool_exception_is_for_the_guest_and_others_are_not(self):
        @tool
        def fail(how: str) -> str:
            """Fails."""
            raise ToolException("a reason to see") if how == "told" else RuntimeError("a secret")

        with cloche.Sandbox(tools=cloche.from_langchain_tools([fail]), grants=["fail"]) as sandbox:
            self.assertEqual(sandbox.run("tool call fail --how told").stderr, "tool: a reason to see\n")
            self.assertEqual(sandbox.run("tool call fail --how other").stderr, "tool: the tool failed\n")

    def test_what_is_no_tool(self):
        with self.assertRaisesRegex(TypeError, "no tool of LangChain: int"):
            cloche.from_langchain_tools([3])


if __name__ == "__main__":
    unittest.main(verbosity=2)
