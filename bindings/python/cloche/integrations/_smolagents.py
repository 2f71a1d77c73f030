"""The executor of `cloche.integrations.smolagents`; needs smolagents."""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterable, Mapping
from typing import Any

from smolagents.local_python_executor import CodeOutput, PythonExecutor

from .. import _texts
from .._options import Grant, grants_of
from .._sandbox import Sandbox
from .._tools import Tool
from .._values import Duration

_FINAL = "final_answer"
_ANSWERED = "FinalAnswer"

# The type of an input of smolagents as JSON Schema; "any" has none.
_TYPES = {"string", "boolean", "integer", "number", "array", "object", "null"}

_PRELUDE = f"""
import tools as _cloche_tools

class {_ANSWERED}(BaseException):
    "Ends the agent's run: what `{_FINAL}` raises."

def {_FINAL}(answer=None):
    global _cloche_answer
    _cloche_answer = answer
    raise {_ANSWERED}()

def _cloche_function(name, parameters):
    def function(*values, **named):
        if len(values) > len(parameters):
            raise TypeError(f"{{name}} takes at most {{len(parameters)}} arguments")
        return _cloche_tools.call(name, {{**dict(zip(parameters, values)), **named}})
    function.__name__ = function.__qualname__ = name
    return function
"""


def _schema(inputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The JSON Schema of a tool's inputs as smolagents has them."""
    properties: dict[str, Any] = {}
    for name, said in inputs.items():
        kinds = said.get("type", "any")
        known = [
            kind for kind in ([kinds] if isinstance(kinds, str) else list(kinds)) if kind in _TYPES
        ]
        whole = {
            key: value
            for key, value in said.items()
            if key in ("description", "enum", "items", "properties")
        }
        if known and "any" not in kinds:
            whole["type"] = (
                [*known, "null"] if said.get("nullable") and "null" not in known else known
            )
        properties[name] = whole
    required = [name for name, said in inputs.items() if not said.get("nullable")]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _tool(name: str, tool: Any) -> Tool:
    def handler(**parameters: Any) -> Any:
        return tool(**parameters)

    return Tool(
        handler, name=name, description=str(tool.description), parameters=_schema(tool.inputs)
    )


class ClocheExecutor(PythonExecutor):
    """Runs the code of a `CodeAgent` in a sandbox; variables live from step to step.

    The agent's tools, and agents that it manages, stay outside: inside are functions of the same
    names that call them, as far as `grants` says: a name allows all calls of that tool, `"*"` all
    calls of all. A tool without a grant is a mistake (`ValueError`) when the agent hands its tools
    over. `final_answer` needs none.

    `options` are the arguments of the `Sandbox`, which is made when the agent hands its tools over
    and ends with `cleanup()`, which the agent calls. Variables that the agent gives, and answers
    that it gets back, are what JSON can say; an answer of another kind is its `repr()`.
    """

    def __init__(
        self,
        *,
        grants: Iterable[Grant | str | Mapping[str, Any]] = (),
        timeout: Duration | None = None,
        max_output: int = _texts.MAX_OUTPUT,
        **options: Any,
    ) -> None:
        if "tools" in options:
            raise TypeError("the tools are the agent's: CodeAgent(tools=…)")
        self._grants, self._options = list(grants), options
        self._timeout, self._max_output = timeout, max_output
        self._tools: dict[str, Any] | None = None
        self._variables: dict[str, str] = {}
        self.sandbox: Sandbox | None = None
        self.state: dict[str, Any] = {"_print_outputs": ""}  # where the agent looks after an error

    def send_tools(self, tools: Mapping[str, Any]) -> None:
        """Makes the sandbox with these tools; nothing if it has them already."""
        offered = {name: tool for name, tool in tools.items() if name != _FINAL}
        if self.sandbox is not None and self._tools == offered:
            return
        for name, tool in offered.items():
            if not name.isidentifier() or keyword.iskeyword(name) or not hasattr(tool, "inputs"):
                raise ValueError(f"{name!r} cannot be a function of the sandbox's Python")
        self._check_grants(offered)
        self.cleanup()
        granted = [_tool(name, tool) for name, tool in offered.items()]
        self.sandbox = Sandbox(tools=granted, grants=self._grants, **self._options)
        self._tools = offered
        lines = [
            f"{name} = _cloche_function({name!r}, {list(tool.inputs)!r})"
            for name, tool in offered.items()
        ]
        self.sandbox.run_python(_PRELUDE + "\n".join(lines)).check()
        self.send_variables({})

    def _check_grants(self, offered: Mapping[str, Any]) -> None:
        granted = {grant["tool"] for grant in grants_of(self._grants)}
        refused = [name for name in offered if not granted & {name, "*", "**"}]
        if refused:
            raise ValueError(
                f"the agent has tools that nobody granted: ClocheExecutor(grants={refused})"
            )

    def send_variables(self, variables: Mapping[str, Any]) -> None:
        """Sets variables of the sandbox's Python, now or, before there are tools, with them."""
        for name, value in variables.items():
            try:
                self._variables[name] = json.dumps(value, allow_nan=False)
            except (TypeError, ValueError) as error:
                raise ValueError(
                    f"the variable {name!r} is nothing that JSON can say: {error}"
                ) from None
        if self.sandbox is None or not self._variables:
            return
        texts, self._variables = self._variables, {}
        code = f"for _k, _v in {texts!r}.items(): globals()[_k] = __import__('json').loads(_v)"
        self.sandbox.run_python(code).check()

    def __call__(self, code_action: str) -> CodeOutput:
        """Runs one step. Raises what the agent tells the model: an error of the code, or a limit."""
        if self.sandbox is None:
            self.send_tools({})
        assert self.sandbox is not None
        result = self.sandbox.run_python(code_action, timeout=self._timeout)
        logs = _texts.shorten(result.stdout, self._max_output)
        self.state["_print_outputs"] = logs
        error = _texts.error_of(result)
        if error.type == _ANSWERED:
            answer = self.sandbox.run_python("_cloche_answer").check()
            return CodeOutput(output=answer.value, logs=logs, is_final_answer=True)
        if not result.ok:
            self._recover(result)
            raise RuntimeError(
                _texts.shorten(result.stderr.strip() or _texts.ending(result), self._max_output)
            )
        return CodeOutput(output=result.value, logs=logs, is_final_answer=False)

    def _recover(self, result: Any) -> None:
        """After the end of the session the next step finds the tools again, though no variables."""
        if getattr(result, "session_ended", False) and self._tools is not None:
            tools, self._tools = self._tools, None
            self.send_tools(tools)

    def cleanup(self) -> None:
        """Ends the sandbox."""
        if self.sandbox is not None:
            self.sandbox.close()
            self.sandbox = None
