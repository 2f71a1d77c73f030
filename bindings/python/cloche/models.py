"""Sandboxes and tools in the words of language models.

`to_openai_tools()` and `to_anthropic_tools()` describe what a model may do with a sandbox (or the
tools themselves), `call_tool()` does what the model then asks for, and `system_prompt()` tells it
what is inside. `from_openai_tools()`, `from_anthropic_tools()`, `from_langchain_tools()` and
`from_mcp_tools()` make tools of a sandbox out of definitions that exist already.

Nothing here needs one of these packages to be installed: their objects are taken as they come.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, cast
from weakref import WeakKeyDictionary

from ._async import AsyncSandbox
from ._errors import ToolError
from ._prompt import asystem_prompt, system_prompt
from ._results import Result
from ._sandbox import Sandbox
from ._texts import MAX_OUTPUT, result_text
from ._tools import Tool, tools_of
from ._values import Duration

__all__ = [
    "Action",
    "ModelTool",
    "acall_tool",
    "actions",
    "arun_action",
    "asystem_prompt",
    "call_tool",
    "from_anthropic_tools",
    "from_langchain_tools",
    "from_mcp_tools",
    "from_openai_tools",
    "result_text",
    "run_action",
    "system_prompt",
    "to_anthropic_tools",
    "to_openai_tools",
]

ActionName = Literal["bash", "python", "javascript"]
AnySandbox: TypeAlias = "Sandbox | AsyncSandbox"
Schema: TypeAlias = "dict[str, Any]"
# Does a call: of a name and the parameters by name, or, in a mapping, of the parameters by keyword.
Caller: TypeAlias = "Callable[[str, dict[str, Any]], Any] | Mapping[str, Callable[..., Any]]"


# --- what a model may do with a sandbox


@dataclass(frozen=True)
class Action:
    """One thing that a model may do with a sandbox: run a script in one of its languages."""

    name: ActionName
    description: str
    argument: str  # the one parameter, a string: what to run
    argument_description: str

    @property
    def parameters(self) -> Schema:
        """The JSON Schema of its parameters."""
        return {
            "type": "object",
            "properties": {
                self.argument: {"type": "string", "description": self.argument_description}
            },
            "required": [self.argument],
            "additionalProperties": False,
        }


_ACTIONS = (
    Action(
        "bash",
        "Run a bash script in the sandbox. Files stay from call to call; variables, the working "
        "folder and background programs do not. Gives standard output, standard error and how it "
        "ended.",
        "script",
        "The script, as for bash -c",
    ),
    Action(
        "python",
        "Run Python in the sandbox, as a cell of a notebook: variables live from call to call, the "
        "last expression is the value. Gives what was printed, the value and errors.",
        "code",
        "The code of the cell",
    ),
    Action(
        "javascript",
        "Run JavaScript in the sandbox, as a cell of a notebook: variables live from call to call, "
        "the last statement is the value; await and return may stand at the top. Gives what was "
        "printed, the value and errors.",
        "code",
        "The code of the cell",
    ),
)
_PROGRAM_OF = {"bash": "bash", "python": "python3", "javascript": "js"}


def actions(sandbox: AnySandbox, only: Iterable[str] | None = None) -> list[Action]:
    """What a model may do with this sandbox: those of bash, python and javascript that are in it.

    `only` names some of them. `ValueError`: it names one that is not there.
    """
    commands = {command for program in sandbox.host.programs() for command in program["commands"]}
    there = [action for action in _ACTIONS if _PROGRAM_OF[action.name] in commands]
    if only is None:
        return there
    wanted = list(only)
    missing = [name for name in wanted if name not in {action.name for action in there}]
    if missing:
        known = ", ".join(action.name for action in there)
        raise ValueError(f"no such action in this sandbox: {', '.join(missing)}; there are {known}")
    return [action for action in there if action.name in wanted]


def _of_sandbox(source: object) -> bool:
    return isinstance(source, (Sandbox, AsyncSandbox))


class ModelTool(Protocol):
    """What definitions are made of: an `Action` or a `Tool`."""

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def parameters(self) -> Schema | None: ...


def _described(source: object, only: Iterable[str] | None) -> Sequence[ModelTool]:
    """The actions of a sandbox, or the tools of an iterable (functions are made tools)."""
    if _of_sandbox(source):
        return cast("Sequence[ModelTool]", actions(cast(AnySandbox, source), only))
    if isinstance(source, (str, bytes)) or not isinstance(source, Iterable):
        raise TypeError(f"neither a sandbox nor a collection of tools: {type(source).__name__}")
    tools = tools_of(list(source))
    names = None if only is None else set(only)
    return cast(
        "Sequence[ModelTool]", [tool for tool in tools if names is None or tool.name in names]
    )


def _parameters(tool: ModelTool) -> Schema:
    return tool.parameters or {"type": "object"}  # a command of the host may have none


def _plain_name(name: str, taken: set[str]) -> str:
    """A name that models accept: letters, digits, `_` and `-`, at most 64; each once."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in name)
    if len(plain) > 64 or plain in taken:
        raise ValueError(
            f"the tool {name!r} has no name that models accept and no other tool has: {plain!r}"
        )
    taken.add(plain)
    return plain


def to_openai_tools(
    source: AnySandbox | Iterable[Tool | Callable[..., Any]],
    *,
    api: Literal["chat", "responses"] = "chat",
    only: Iterable[str] | None = None,
) -> list[dict[str, Any]]:
    """Definitions for the `tools` of OpenAI's API, Chat Completions or Responses.

    Of a sandbox: what a model may do with it (`actions()`), to be done by `call_tool()`. Of tools
    or functions: these themselves; in names, what models do not accept (`/`, `.`) is `_`.

    >>> def price(symbol: str) -> float:
    ...     "What one share costs."
    ...     return 42.5
    >>> [definition] = to_openai_tools([price])
    >>> definition["type"], definition["function"]["name"], definition["function"]["description"]
    ('function', 'price', 'What one share costs.')
    """
    if api not in ("chat", "responses"):
        raise ValueError(f'api is "chat" or "responses", not {api!r}')
    taken: set[str] = set()
    functions = [
        {
            "name": _plain_name(tool.name, taken),
            "description": tool.description,
            "parameters": _parameters(tool),
        }
        for tool in _described(source, only)
    ]
    if api == "responses":
        return [{"type": "function", **function, "strict": False} for function in functions]
    return [{"type": "function", "function": function} for function in functions]


def to_anthropic_tools(
    source: AnySandbox | Iterable[Tool | Callable[..., Any]], *, only: Iterable[str] | None = None
) -> list[dict[str, Any]]:
    """Definitions for the `tools` of Anthropic's Messages API; see `to_openai_tools()`.

    >>> def price(symbol: str) -> float:
    ...     "What one share costs."
    ...     return 42.5
    >>> [definition] = to_anthropic_tools([price])
    >>> definition["name"], definition["input_schema"]["required"]
    ('price', ['symbol'])
    """
    taken: set[str] = set()
    return [
        {
            "name": _plain_name(tool.name, taken),
            "description": tool.description,
            "input_schema": _parameters(tool),
        }
        for tool in _described(source, only)
    ]


# --- what a model asked for


def _argument(name: str, arguments: Mapping[str, Any] | str) -> tuple[Action, str]:
    action = next((action for action in _ACTIONS if action.name == name), None)
    if action is None:
        raise ValueError(
            f"no such action: {name!r}; there are {', '.join(a.name for a in _ACTIONS)}"
        )
    if isinstance(arguments, str):  # as OpenAI's API has them
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the arguments of {name} are no JSON: {error}") from None
    if not isinstance(arguments, Mapping):
        raise ValueError(f"the arguments of {name} are no object")
    unknown = sorted(set(arguments) - {action.argument})
    value = arguments.get(action.argument)
    if unknown or not isinstance(value, str):
        raise ValueError(f"{name} takes one argument, {action.argument}: a string")
    return action, value


# Models ask for several things at once, and a session does one: whoever comes second waits.
_turns: WeakKeyDictionary[Sandbox, threading.Lock] = WeakKeyDictionary()
_aturns: WeakKeyDictionary[AsyncSandbox, asyncio.Lock] = WeakKeyDictionary()


def run_action(
    sandbox: Sandbox,
    name: str,
    arguments: Mapping[str, Any] | str,
    *,
    timeout: Duration | None = None,
) -> Result:
    """Does what a model asked for and gives the result itself (see `call_tool()` for its text)."""
    if isinstance(sandbox, AsyncSandbox):
        raise TypeError("an AsyncSandbox is asked by `await acall_tool(…)`")
    action, value = _argument(name, arguments)
    if action.name == "bash":
        return sandbox.run(value, timeout=timeout)
    with _turns.setdefault(sandbox, threading.Lock()):
        return sandbox.run_code(value, language=action.name, timeout=timeout)


async def arun_action(
    sandbox: AnySandbox,
    name: str,
    arguments: Mapping[str, Any] | str,
    *,
    timeout: Duration | None = None,
) -> Result:
    """`run_action()` for asyncio. A `Sandbox` that is none of asyncio's is asked in a thread.

    A task that is cancelled ends what runs in the sandbox.
    """
    if isinstance(sandbox, AsyncSandbox):
        action, value = _argument(name, arguments)
        if action.name == "bash":
            return await sandbox.run(value, timeout=timeout)
        async with _aturns.setdefault(sandbox, asyncio.Lock()):
            return await sandbox.run_code(value, language=action.name, timeout=timeout)
    try:
        return await asyncio.to_thread(run_action, sandbox, name, arguments, timeout=timeout)
    except asyncio.CancelledError:
        sandbox.kill()
        raise


def call_tool(
    sandbox: Sandbox,
    name: str,
    arguments: Mapping[str, Any] | str,
    *,
    timeout: Duration | None = None,
    max_output: int = MAX_OUTPUT,
) -> str:
    """Does what a model asked for by a definition of this sandbox, and gives the answer to it.

    `arguments` is an object or its JSON. What goes wrong in the sandbox, a limit included, is part
    of the answer; a call that no definition allows is too, so that the model can try again.
    """
    try:
        result = run_action(sandbox, name, arguments, timeout=timeout)
    except ValueError as error:
        return f"[not run: {error}]"
    return result_text(result, max_output)


async def acall_tool(
    sandbox: AnySandbox,
    name: str,
    arguments: Mapping[str, Any] | str,
    *,
    timeout: Duration | None = None,
    max_output: int = MAX_OUTPUT,
) -> str:
    """`call_tool()` for asyncio, of either kind of sandbox."""
    try:
        result = await arun_action(sandbox, name, arguments, timeout=timeout)
    except ValueError as error:
        return f"[not run: {error}]"
    return result_text(result, max_output)


# --- tools of a sandbox out of definitions


def _handler(name: str, call: Caller) -> Callable[..., Any]:
    """The function that does calls of `name`, with the parameters by keyword."""
    if isinstance(call, Mapping):
        handler = call.get(name)
        if not callable(handler):
            raise ValueError(f"nothing is there to do the calls of {name!r}")
        return handler
    if inspect.iscoroutinefunction(call):

        async def ahandler(**parameters: Any) -> Any:
            return await cast("Callable[..., Awaitable[Any]]", call)(name, parameters)

        return ahandler
    function = call
    return lambda **parameters: function(name, parameters)


_OLD_DRAFTS = (
    "http://json-schema.org/draft-04/",
    "http://json-schema.org/draft-06/",
    "http://json-schema.org/draft-07/",
)
_OLD_ONLY = {
    "additionalItems",
    "dependencies",
    "id",
}  # what draft 2020-12 does not have, or means otherwise


def _schema(value: object, what: str) -> Schema:
    """A schema of parameters as draft 2020-12: one of an older draft if it means the same there."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{what}: the parameters are no JSON Schema but {type(value).__name__}")
    schema = dict(value)
    if str(schema.get("$schema", "")).startswith(_OLD_DRAFTS):
        old = _old_only(schema)
        if old:
            raise ValueError(
                f"{what}: the schema is of an old draft, and {old} means another thing in 2020-12"
            )
        del schema["$schema"]
    return schema


def _old_only(schema: object) -> str:
    """What in the schema an older draft alone knows; empty: nothing."""
    if isinstance(schema, list):
        return next(filter(None, map(_old_only, schema)), "")
    if not isinstance(schema, dict):
        return ""
    if isinstance(schema.get("items"), list):
        return "items as a list"
    for keyword, below in schema.items():
        if keyword in _OLD_ONLY:
            return str(keyword)
        # Members of an object are named by whoever made the schema: only what is below is schema.
        inner = list(below.values()) if keyword in _NAMED and isinstance(below, dict) else below
        found = _old_only(inner) if keyword not in ("enum", "const", "default", "examples") else ""
        if found:
            return found
    return ""


_NAMED = ("properties", "patternProperties", "definitions", "$defs")


def _member(definition: object, *names: str) -> Any:
    """A member of a definition that is a mapping or an object, by the first name that is there."""
    for name in names:
        if isinstance(definition, Mapping):
            if name in definition:
                return definition[name]
        elif hasattr(definition, name):
            return getattr(definition, name)
    return None


def _tool(name: object, description: object, schema: Schema, handler: Callable[..., Any]) -> Tool:
    if not isinstance(name, str) or not name:
        raise ValueError("a definition has no name")
    return Tool(
        handler,
        name=name,
        description=description if isinstance(description, str) else "",
        parameters=schema,
    )


def from_openai_tools(definitions: Iterable[Mapping[str, Any]], call: Caller) -> list[Tool]:
    """Tools out of OpenAI's definitions, of Chat Completions or Responses.

    `call` does the calls: a function of the name and the parameters, or a mapping of names to
    functions that take the parameters by keyword; plain or async. Definitions that are no functions
    are refused.

    >>> [tool] = from_openai_tools(
    ...     [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}],
    ...     {"add": lambda a, b: a + b})
    >>> tool.name
    'add'
    """
    tools = []
    for definition in definitions:
        if _member(definition, "type") != "function":
            raise ValueError(f"no function: {_member(definition, 'type')!r}")
        function = _member(definition, "function") or definition
        name = _member(function, "name")
        schema = _schema(
            _member(function, "parameters") or {"type": "object", "properties": {}}, str(name)
        )
        tools.append(
            _tool(name, _member(function, "description"), schema, _handler(str(name), call))
        )
    return tools


def from_anthropic_tools(definitions: Iterable[Mapping[str, Any]], call: Caller) -> list[Tool]:
    """Tools out of Anthropic's definitions; `call` as in `from_openai_tools()`.

    Those that run at Anthropic (`web_search_…`, `bash_…`) have no schema and are refused.
    """
    tools = []
    for definition in definitions:
        name = _member(definition, "name")
        if _member(definition, "type") not in (None, "custom"):
            raise ValueError(f"{name!r} is a tool of the provider, not of a client")
        schema = _schema(_member(definition, "input_schema"), str(name))
        tools.append(
            _tool(name, _member(definition, "description"), schema, _handler(str(name), call))
        )
    return tools


def _langchain_schema(tool: Any) -> Schema:
    schema = getattr(tool, "tool_call_schema", None)
    if isinstance(schema, Mapping):
        return dict(schema)
    return (
        dict(schema.model_json_schema())
        if schema is not None
        else {"type": "object", "properties": {}}
    )


def from_langchain_tools(tools: Iterable[Any]) -> list[Tool]:
    """Tools out of LangChain's (`BaseTool`), by `invoke`, or by `ainvoke` if they are async only.

    The guest sees the text of a `ToolException`, as a model would, and of no other exception.
    """
    made = []
    for tool in tools:
        if not callable(getattr(tool, "invoke", None)) or not isinstance(
            getattr(tool, "name", None), str
        ):
            raise TypeError(f"no tool of LangChain: {type(tool).__name__}")
        made.append(
            _tool(tool.name, tool.description, _langchain_schema(tool), _langchain_handler(tool))
        )
    return made


def _langchain_handler(tool: Any) -> Callable[..., Any]:
    if getattr(tool, "func", tool) is None and getattr(tool, "coroutine", None) is not None:

        async def ahandler(**parameters: Any) -> Any:
            with _of_langchain():
                return await tool.ainvoke(parameters)

        return ahandler

    def handler(**parameters: Any) -> Any:
        with _of_langchain():
            return tool.invoke(parameters)

    return handler


@contextlib.contextmanager
def _of_langchain() -> Iterator[None]:
    from langchain_core.tools import ToolException

    try:
        yield
    except ToolException as error:
        raise ToolError(str(error)) from error


class _McpCall(Protocol):
    async def __call__(self, name: str, arguments: dict[str, Any]) -> Any: ...


def from_mcp_tools(tools: Iterable[Any], session: Any, *, prefix: str = "") -> list[Tool]:
    """Tools out of those of an MCP server: `(await session.list_tools()).tools` and the session.

    `session` is a `ClientSession` or `Client` of the package `mcp`, or what else has `call_tool`;
    it may also be an async function of the name and the parameters. Calls go to it on the event
    loop that runs when this is called, from whichever thread they come: so run a plain `Sandbox` in
    a thread of its own (`asyncio.to_thread(sandbox.run, …)`), or use an `AsyncSandbox`. `prefix`
    stands before the names: `"files/"` makes `files/read`.

    A result is its structured content where it has such, else its texts; a result that is an error,
    or one of images and other bytes only, is a failure of the call, and the guest sees the server's
    text.
    """
    call = session.call_tool if hasattr(session, "call_tool") else session
    if not callable(call):
        raise TypeError(f"no MCP session: {type(session).__name__}")
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError("call from_mcp_tools() where the session is: in its event loop") from None
    made = []
    for tool in tools:
        name = _member(tool, "name")
        schema = _schema(_member(tool, "input_schema", "inputSchema"), str(name))
        handler = _mcp_handler(cast(_McpCall, call), loop, str(name))
        made.append(_tool(prefix + str(name), _member(tool, "description"), schema, handler))
    return made


def _mcp_handler(call: _McpCall, loop: asyncio.AbstractEventLoop, name: str) -> Callable[..., Any]:
    async def handler(**parameters: Any) -> Any:
        if asyncio.get_running_loop() is loop:
            return _mcp_result(await call(name, parameters))
        there = asyncio.run_coroutine_threadsafe(_awaited(call, name, parameters), loop)
        return _mcp_result(await asyncio.wrap_future(there))

    return handler


async def _awaited(call: _McpCall, name: str, parameters: dict[str, Any]) -> Any:
    return await call(name, parameters)


def _mcp_result(result: Any) -> Any:
    texts = [
        item.text
        for item in getattr(result, "content", None) or ()
        if getattr(item, "type", "") == "text"
    ]
    if _member(result, "is_error", "isError"):
        raise ToolError("\n".join(texts) or "the server says that it failed")
    structured = _member(result, "structured_content", "structuredContent")
    if structured is not None:
        return structured
    if not texts and getattr(result, "content", None):
        raise ToolError("the result has no text")
    return "\n".join(texts)
