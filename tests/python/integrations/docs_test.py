"""Runs the examples of docs/integrations.md: the blocks of one section in order, with a scripted model, and
compares what they print with the lines that begin with #>."""

import contextlib
import io
import linecache
import pathlib
import re
import unittest

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = HERE.parents[2] / "docs" / "integrations.md"


def langchain_model(*calls):
    from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
    from langchain_core.messages import AIMessage

    class Scripted(FakeMessagesListChatModel):
        def bind_tools(self, tools, **_):
            return self

    said = [
        AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": name}]) for name, arguments in calls
    ]
    return Scripted(responses=[*said, AIMessage("done")])


def openai_model(name, argument, code):
    """Makes the call, and then says what came of it."""
    from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call

    def answer(call):
        output = next(
            item["output"] for item in reversed(call.input) if item.get("type") == "function_call_output"
        )
        return [assistant_message(output.strip().splitlines()[-1])]

    return ScriptedModel([[function_call(name, {argument: code}, call_id="1")], ModelStep.respond(answer)])


def smolagents_model():
    from smolagents.models import ChatMessage, MessageRole, Model

    class Scripted(Model):
        def generate(self, messages, **_):
            code = "final_answer(get_price('AAPL') + get_price('MSFT'))"
            return ChatMessage(role=MessageRole.ASSISTANT, content=f"<code>\n{code}\n</code>")

    return Scripted()


def pydantic_model():
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart
    from pydantic_ai.models.function import FunctionModel

    def answer(messages, _):
        for part in messages[-1].parts:
            if isinstance(part, ToolReturnPart):
                return ModelResponse(parts=[TextPart(part.content)])
        return ModelResponse(parts=[ToolCallPart("bash", {"script": "echo glass bell jar | cut -d' ' -f3"})])

    return FunctionModel(answer)


PRIMES = "sum(all(n % d for d in range(2, n)) for n in range(2, 100))"
MODELS = {
    "LangChain": [lambda: langchain_model(("python", {"code": PRIMES}))],
    "deepagents": [
        lambda: langchain_model(
            ("write_file", {"file_path": "/home/user/note.txt", "content": "remember the milk"})
        )
    ],
    "OpenAI Agents SDK": [
        lambda: openai_model("python", "code", "sum(range(101))"),
        lambda: openai_model("exec_command", "cmd", "pwd"),
    ],
    "smolagents": [smolagents_model],
    "Pydantic AI": [pydantic_model],
}


def source_of(block, name):
    """A file name under which inspect finds the block; smolagents reads the source of tools."""
    linecache.cache[name] = (len(block), None, block.splitlines(keepends=True), name)
    return name


def sections():
    """(title, blocks) of each section that has examples."""
    for part in DOCUMENT.read_text().split("\n## ")[1:]:
        blocks = re.findall(r"^```python host\n(.*?)^```", part, re.MULTILINE | re.DOTALL)
        if blocks:
            yield part.splitlines()[0], blocks


class Examples(unittest.TestCase):
    maxDiff = 4000

    def test_examples(self):
        with contextlib.suppress(ImportError):
            __import__("agents").set_tracing_disabled(True)
        titles = []
        for title, blocks in sections():
            names = {"__name__": "example"}
            titles.append(title)
            for number, block in enumerate(blocks):
                with self.subTest(section=title, block=number):
                    if title in MODELS:
                        names["model"] = MODELS[title][number]()
                    expected = "".join(
                        line[3:] + "\n" for line in block.splitlines() if line.startswith("#> ")
                    )
                    said = io.StringIO()
                    with contextlib.redirect_stdout(said):
                        exec(compile(block, source_of(block, f"{title}-{number}"), "exec"), names)
                    self.assertEqual(said.getvalue(), expected)
        self.assertEqual(titles, ["Any model", "Tools that exist already", *MODELS])


class Versions(unittest.TestCase):
    def test_the_table_has_what_is_pinned(self):
        pins = dict(line.split("==") for line in (HERE / "requirements.txt").read_text().split() if "==" in line)
        rows = re.findall(r"`cloche\[([\w-]+)\]` \| ([\d.]+) \|", DOCUMENT.read_text())
        names = {"pydantic-ai": "pydantic-ai-slim"}
        self.assertEqual(rows, [(extra, pins[names.get(extra, extra)]) for extra, _ in rows])
        self.assertEqual(len(rows), len(MODELS))


if __name__ == "__main__":
    unittest.main(verbosity=2)
