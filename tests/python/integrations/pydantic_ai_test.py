"""Pydantic AI, with its own agent and its FunctionModel."""

import asyncio
import unittest

import support
from cloche.integrations.pydantic_ai import ClocheToolset
from pydantic_ai import Agent, models
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.models.test import TestModel

models.ALLOW_MODEL_REQUESTS = False


class Scripted:
    """A model that makes its calls one after the other, and then says "done"."""

    def __init__(self, *calls):
        self.calls, self.instructions, self.tools = list(calls), [], []

    def __call__(self, messages, info):
        self.instructions.append(messages[-1].instructions)
        self.tools = [tool.name for tool in info.function_tools]
        if not self.calls:
            return ModelResponse(parts=[TextPart("done")])
        name, arguments = self.calls.pop(0)
        return ModelResponse(parts=[ToolCallPart(name, arguments)])


def said(result):
    """What the model was told of its calls."""
    return [
        part.content
        for message in result.all_messages()
        for part in message.parts
        if isinstance(part, ToolReturnPart)
    ]


class Toolset(unittest.TestCase):
    def test_a_script_a_cell_and_the_instructions(self):
        script = Scripted(
            ("bash", {"script": "seq 3 | paste -sd+ > sum; cat sum"}),
            ("python", {"code": "eval(open('sum').read())"}),
            ("python", {"code": "import tools; tools.get_price(symbol='MSFT')"}),
        )
        with support.sandbox() as sandbox:
            agent = Agent(FunctionModel(script), toolsets=[ClocheToolset(sandbox)])
            result = agent.run_sync("add")
        self.assertEqual(said(result), ["1+2+3", "6", "410.0"])
        self.assertEqual(script.tools, ["bash", "python", "javascript"])
        self.assertIn(
            "get_price(symbol: string): What one share costs, in dollars. "
            '[allowed: symbol one of "AAPL", "MSFT"; 2 more calls]',
            script.instructions[0],
        )
        self.assertIn("1 more calls]", script.instructions[-1])

    def test_arguments_that_do_not_fit_are_asked_for_again(self):
        script = Scripted(("bash", {"command": "ls"}), ("bash", {"script": "echo fine"}))
        with support.sandbox() as sandbox:
            result = Agent(FunctionModel(script), toolsets=[ClocheToolset(sandbox)]).run_sync("x")
        self.assertEqual(len(said(result)), 2)
        self.assertIn("Field required", str(said(result)[0]))
        self.assertEqual(said(result)[1], "fine")

    def test_denied(self):
        script = Scripted(("bash", {"script": "tool call get_price --symbol TSLA; cat /proc/1/environ"}))
        with support.sandbox() as sandbox:
            result = Agent(FunctionModel(script), toolsets=[ClocheToolset(sandbox)]).run_sync("x")
        self.assertIn('tool: denied: symbol must be one of "AAPL", "MSFT", is "TSLA"', said(result)[0])

    def test_async_sandbox_and_its_own_test_model(self):
        async def ask():
            async with support.async_sandbox() as sandbox:
                toolset = ClocheToolset(sandbox, id="box", only=["bash"], instructions=False)
                self.assertEqual(toolset.id, "box")
                return await Agent(TestModel(), toolsets=[toolset]).run("anything")

        result = asyncio.run(ask())
        self.assertIn("[exit code 127]", said(result)[0])  # TestModel says "a" for every text


class Import(unittest.TestCase):
    def test_a_toolset_with_a_prefix(self):
        script = Scripted(("box_bash", {"script": "echo inside"}))
        with support.sandbox() as sandbox:
            agent = Agent(FunctionModel(script), toolsets=[ClocheToolset(sandbox).prefixed("box")])
            self.assertEqual(said(agent.run_sync("x")), ["inside"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
