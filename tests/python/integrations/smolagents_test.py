"""smolagents, with its own CodeAgent and a scripted model."""

import unittest

import cloche
import smolagents
from cloche.integrations.smolagents import ClocheExecutor
from smolagents.models import ChatMessage, MessageRole, Model


class Scripted(Model):
    """Writes its code blocks one after the other, and keeps what it was told until each."""

    def __init__(self, *blocks):
        super().__init__()
        self.blocks, self.heard = list(blocks), []

    def generate(self, messages, stop_sequences=None, **_):
        texts = [message.content for message in messages]
        self.heard.append(
            "\n".join(
                text if isinstance(text, str) else "".join(part.get("text", "") for part in text)
                for text in texts
            )
        )
        return ChatMessage(
            role=MessageRole.ASSISTANT, content=f"Thought: go on.\n<code>\n{self.blocks.pop(0)}\n</code>"
        )


class Price(smolagents.Tool):
    name = "get_price"
    description = "What one share costs."
    inputs = {"symbol": {"type": "string", "description": "Its symbol"}}
    output_type = "number"

    def forward(self, symbol: str) -> float:
        return {"AAPL": 230.5, "MSFT": 410.0}[symbol]


GRANTS = [cloche.Grant("get_price", where={"symbol": cloche.one_of("AAPL", "MSFT")}, calls=2)]


def run(*blocks, tools=(), grants=GRANTS, arguments=None, **options):
    model = Scripted(*blocks)
    agent = smolagents.CodeAgent(
        tools=list(tools),
        model=model,
        executor=ClocheExecutor(grants=grants, **options),
        max_steps=len(blocks),
        verbosity_level=smolagents.LogLevel.OFF,
    )
    try:
        return agent.run("go", additional_args=arguments), model.heard
    finally:
        agent.cleanup()


class Agent(unittest.TestCase):
    def test_variables_live_and_the_tool_is_asked_outside(self):
        answer, heard = run(
            "prices = [get_price('AAPL'), get_price(symbol='MSFT')]\nprint('got', len(prices))",
            "final_answer({'sum': sum(prices)})",
            tools=[Price()],
        )
        self.assertEqual(answer, {"sum": 640.5})
        self.assertIn("got 2", heard[1])

    def test_errors_go_back_to_the_model(self):
        answer, heard = run("print('before')\n1 / 0", "get_price('TSLA')", "final_answer(1)", tools=[Price()])
        self.assertEqual(answer, 1)
        self.assertIn("ZeroDivisionError: division by zero", heard[1])
        self.assertIn("before", heard[1])
        self.assertIn("ToolDenied", heard[2])

    def test_calls_beyond_the_budget_are_denied(self):
        answer, _ = run(
            "n = 0\nfor _ in range(5):\n    try:\n        get_price('AAPL'); n += 1\n"
            "    except Exception as error: last = type(error).__name__\nfinal_answer([n, last])",
            tools=[Price()],
        )
        self.assertEqual(answer, [2, "ToolDenied"])

    def test_no_handler_of_exceptions_keeps_the_answer(self):
        answer, _ = run("try:\n    final_answer('this')\nexcept Exception:\n    print('caught')\n", "final_answer('no')")
        self.assertEqual(answer, "this")

    def test_an_answer_that_is_no_json_is_its_repr(self):
        answer, _ = run("final_answer({1, 2})")
        self.assertEqual(answer, "{1, 2}")

    def test_it_is_a_sandbox(self):
        answer, _ = run(
            "import os, subprocess\nmade = subprocess.run(['bash', '-c', 'ls /'], capture_output=True)\n"
            "final_answer([os.getcwd(), os.path.exists('/work'), made.returncode])"
        )
        self.assertEqual(answer, ["/home/user", False, 0])

    def test_variables_of_the_agent(self):
        answer, _ = run(
            "final_answer(sum(row['n'] for row in rows))", arguments={"rows": [{"n": 1}, {"n": 4}]}
        )
        self.assertEqual(answer, 5)

    def test_what_is_no_json_is_said_by_name(self):
        with self.assertRaisesRegex(ValueError, "the variable 'handle' is nothing that JSON can say"):
            run("final_answer(1)", arguments={"handle": object()})

    def test_tools_without_a_grant_are_refused(self):
        with self.assertRaisesRegex(ValueError, r"ClocheExecutor\(grants=\['get_price'\]\)"):
            run("final_answer(1)", tools=[Price()], grants=[])

    def test_an_endless_step_ends_and_the_next_one_goes_on(self):
        answer, heard = run("x = 5\nwhile True: pass", "final_answer(x)", timeout="500ms")
        self.assertIn("KeyboardInterrupt", heard[1])
        self.assertEqual(answer, 5)

    def test_after_the_end_of_python_the_tools_are_there_again(self):
        answer, heard = run("import os; os._exit(3)", "final_answer(get_price('AAPL'))", tools=[Price()])
        self.assertEqual(answer, 230.5)
        self.assertIn("exit code 3", heard[1])


if __name__ == "__main__":
    unittest.main(verbosity=2)
