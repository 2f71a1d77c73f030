"""Functions of Python as tools."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, overload

from . import _cloche
from ._docstrings import read_docstring
from ._errors import ArgumentError, ToolError
from ._options import to_json
from ._schema import Convert, SchemaMaker, hints_of, object_schema, put_default, to_plain
from ._values import Duration, Size, checked_text, nanoseconds, type_error

if TYPE_CHECKING:
    import asyncio

# The sandboxes, by id, whose tool or callback this code is.
inside: contextvars.ContextVar[frozenset[int]] = contextvars.ContextVar("inside", default=frozenset())

_LOOK_SECONDS = 0.05  # how often a coroutine's call is asked whether anybody still waits


class Tool:
    """A function that a sandbox may call, if a grant allows it.

    Name, description and schemas come from the function; each can be given instead. Parameters
    reach it as its type hints say: dataclasses, enums and pydantic models are made of the JSON.

    >>> def add(a: int, b: int = 1) -> int:
    ...     '''Adds two numbers.
    ...
    ...     Args:
    ...         a: the first one
    ...     '''
    ...     return a + b
    >>> tool = Tool(add)
    >>> tool.name, tool.description
    ('add', 'Adds two numbers.')
    >>> tool.parameters["properties"]["a"], tool.parameters["required"]
    ({'type': 'integer', 'description': 'the first one'}, ['a'])
    """

    def __init__(
        self,
        function: Callable[..., Any] | None = None,
        *,
        name: str | None = None,
        description: str | None = None,
        parameters: dict[str, Any] | None = None,
        result: dict[str, Any] | None = None,
        timeout: Duration = 60,
        result_size: Size = 16 << 20,
        command: str | None = None,
    ) -> None:
        if (function is None) == (command is None):
            raise ArgumentError("a tool has either a function or a command of the host")
        if function is not None and not callable(function):
            raise type_error("the function of a tool", function, "callable")
        self.function = function
        self.command = None if command is None else checked_text("the command of a tool", command)
        self.name = checked_text("the name of a tool", name or _name_of(function), 1024)
        self.timeout_ns = nanoseconds("the time-out of a tool", timeout)
        if isinstance(result_size, bool) or not isinstance(result_size, int) or result_size < 1:
            raise ArgumentError("the result_size of a tool is a number of bytes, at least 1")
        self.result_size = result_size
        about, notes = read_docstring(getattr(function, "__doc__", None) if function else None)
        self.description = about if description is None else checked_text("description", description)
        self._converts: dict[str, Convert] | None = None
        self.parameters: dict[str, Any] | None = parameters
        self.result: dict[str, Any] | None = result
        if function is not None:
            self._read_signature(function, notes)

    def __repr__(self) -> str:
        return f"<Tool {self.name}>"

    def __call__(self, *args: Any, **named: Any) -> Any:
        if self.function is None:
            raise ArgumentError(f"the tool {self.name} is a command; only a sandbox can call it")
        return self.function(*args, **named)

    def _read_signature(self, function: Callable[..., Any], notes: dict[str, str]) -> None:
        import inspect

        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError) as error:
            if self.parameters is not None:
                return
            raise ArgumentError(f"the tool {self.name}: {error}", "give it parameters=...") from None
        target = function if hasattr(function, "__annotations__") else type(function).__call__
        hints = hints_of(target, f"the tool {self.name}")
        if self.parameters is None:
            self._read_parameters(signature, hints, notes)
        if self.result is None and "return" in hints:
            self.result = _result_schema(hints["return"], self.name)

    def _read_parameters(self, signature: Any, hints: dict[str, Any], notes: dict[str, str]) -> None:
        maker = SchemaMaker()
        properties: dict[str, Any] = {}
        required = []
        converts: dict[str, Convert] = {}
        others: Any = False
        for name, parameter in signature.parameters.items():
            what = f"the tool {self.name}, parameter {name}"
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
                raise ArgumentError(
                    f"{what}: tools are called by names, and this has none",
                    "make it a parameter with a name, or a list",
                )
            schema, convert = maker.make(hints.get(name, Any), what)
            if parameter.kind == parameter.VAR_KEYWORD:
                others = schema or True
                continue
            if name in notes and "description" not in schema:
                schema["description"] = notes[name]
            if parameter.default is parameter.empty:
                required.append(name)
            else:
                put_default(schema, parameter.default)
            properties[name] = schema
            converts[name] = convert
        self.parameters = object_schema(properties, required)
        self.parameters["additionalProperties"] = others
        if maker.definitions:
            self.parameters["$defs"] = maker.definitions
        self._converts = converts

    def arguments(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """What the function is called with. ``ToolError`` if its types do not take it."""
        if self._converts is None:
            return parameters
        converts = self._converts
        made = {}
        for name, value in parameters.items():
            convert = converts.get(name)
            try:
                made[name] = value if convert is None else convert(value)
            except Exception as error:
                raise ToolError(f"parameter {name}: {error}") from error
        return made

    def as_options(self, handler: Any) -> dict[str, Any]:
        """For the core."""
        return {
            "name": self.name,
            "description": self.description,
            "parameters": _schema_text(f"the parameters of {self.name}", self.parameters),
            "result": _schema_text(f"the result of {self.name}", self.result),
            "timeout_ns": self.timeout_ns,
            "result_bytes": self.result_size,
            "handler": self.command if handler is None else handler,
        }


def _schema_text(what: str, schema: dict[str, Any] | None) -> str:
    return "" if schema is None else to_json(what, schema)


def _name_of(function: object) -> str:
    name = getattr(function, "__name__", None)
    if not isinstance(name, str) or name == "<lambda>":
        raise ArgumentError("this tool has no name of its own: give it one by cloche.tool(name=...)")
    return name


def _result_schema(kind: Any, name: str) -> dict[str, Any] | None:
    maker = SchemaMaker()
    try:
        schema, _ = maker.make(kind, f"the result of {name}")
    except ArgumentError:
        return None  # any JSON: what it is shows when there is one
    if maker.definitions:
        schema["$defs"] = maker.definitions
    return schema


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    parameters: dict[str, Any] | None = None,
    result: dict[str, Any] | None = None,
    timeout: Duration = 60,
    result_size: Size = 16 << 20,
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Makes a function a tool; as a decorator with or without options.

    >>> @tool(name="math/double", timeout="2s")
    ... def double(x: float) -> float:
    ...     return 2 * x
    >>> double.name, double(4)
    ('math/double', 8)
    """
    if function is not None:
        return Tool(function, **options)
    return lambda given: Tool(given, **options)


def tools_of(tools: Sequence[Any]) -> list[Tool]:
    if not isinstance(tools, (list, tuple)):
        raise type_error("tools", tools, "a list")
    made = []
    for given in tools:
        if isinstance(given, Tool):
            made.append(given)
        elif callable(given):
            made.append(Tool(given))
        else:
            raise type_error("a tool", given, "a function or a cloche.Tool")
    return made


# --- calls


def _answer(value: Any) -> tuple[bool, str, str]:
    try:
        return True, json.dumps(value, default=to_plain, allow_nan=False), ""
    except (TypeError, ValueError, RecursionError) as error:
        return False, "the tool failed", f"its result is no JSON: {error}"


def _failure(error: BaseException) -> tuple[bool, str, str]:
    if isinstance(error, ToolError):
        return False, _clean(str(error)), ""
    return False, "the tool failed", _clean(f"{type(error).__name__}: {error}")


def _clean(text: str) -> str:
    return text[:10_000].encode("utf-8", "backslashreplace").decode()


def make_handler(
    tool: Tool, box: int, loop: Callable[[], asyncio.AbstractEventLoop]
) -> Callable[[str, _cloche.Invocation], tuple[bool, str, str]] | None:
    """What the core calls, on threads of its own. Coroutines run in the loop."""
    function = tool.function
    if function is None:
        return None

    def handle(parameters: str, call: _cloche.Invocation) -> tuple[bool, str, str]:
        token = inside.set(inside.get() | {box})
        try:
            value = function(**tool.arguments(json.loads(parameters)))
            if hasattr(value, "__await__"):
                value = _wait_for(value, call, loop())
            return _answer(value)
        except BaseException as error:  # also SystemExit: a tool does not end its host
            return _failure(error)
        finally:
            inside.reset(token)

    return handle


async def _await(value: Any) -> Any:
    return await value


def _wait_for(value: Any, call: _cloche.Invocation, loop: asyncio.AbstractEventLoop) -> Any:
    """Runs what a tool returned in the loop, until it is done or nobody waits any more."""
    import asyncio
    from concurrent.futures import wait

    future = contextvars.copy_context().run(asyncio.run_coroutine_threadsafe, _await(value), loop)
    while not wait([future], _LOOK_SECONDS).done:
        if call.cancelled or call.seconds_left < 0:
            future.cancel()
            raise ToolError("nobody waits for this call any more")
    return future.result()


class LoopThread:
    """An event loop on a thread of its own, for tools that are coroutines in a program that has no
    loop. Made when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self) -> asyncio.AbstractEventLoop:
        import asyncio

        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                thread = threading.Thread(
                    target=self._loop.run_forever, name="cloche-tools", daemon=True
                )
                thread.start()
            return self._loop
