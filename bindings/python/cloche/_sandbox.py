"""A sandbox: one closed world, with its own files, processes and limits."""

from __future__ import annotations

import json
import os
import signal as _signal
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import IO, Any, NamedTuple, Union

from . import _cloche
from ._errors import ArgumentError, ForkedError, PolicyError, ReentryError
from ._host import Host, check_python_pack, core_of, default_host
from ._files import Files
from ._options import (
    Env,
    Grant,
    Limits,
    Mount,
    PolicyLike,
    PolicyText,
    env_pairs,
    grants_in,
    grants_of,
    limit_name,
    limit_text,
    made_policy,
    mount_tuples,
    read_policy,
)
from ._process import Process, window_size
from ._results import CodeResult, Result
from ._streams import Pump
from ._tools import LoopThread, Tool, inside, make_handler, tools_of
from ._values import (
    Duration,
    Text,
    checked_text,
    encode,
    encode_name,
    encode_path,
    nanoseconds,
    type_error,
)

Command = Union[str, Sequence[Text]]
Input = Union[str, bytes, IO[Any], None]
OnOutput = Union[Callable[[str], object], None]
Tools = Sequence[Union[Tool, Callable[..., Any]]]
Grants = Sequence[Union[Grant, str, Mapping[str, Any]]]

PIPE = -1  # as subprocess.PIPE, which is the same

_loop_thread = LoopThread()


class Session(NamedTuple):
    """An interpreter that lives from call to call."""

    language: str
    name: str
    pid: int
    cells: int
    busy: bool


class Sandbox:
    """One closed world: its own files, processes and limits, and nothing of this machine but what
    the arguments name.

    >>> with Sandbox() as sandbox:
    ...     sandbox.run("echo hello | tr a-z A-Z").stdout
    'HELLO\\n'

    ``tools`` are functions of this program; without a grant none can be called. ``policy`` (a file
    or a dict, docs/policy.md) stands in place of ``grants``; mounts, variables and limits beside it
    can only narrow it. ``audit`` names a file for the audit log, ``name`` is the host name.

    Any thread may use a sandbox, also several at once. Close it when it is done with, by ``close()``
    or ``with``.
    """

    def __init__(
        self,
        *,
        tools: Tools = (),
        grants: Grants = (),
        mounts: Sequence[Mount | tuple[Any, ...]] = (),
        limits: Limits | None = None,
        policy: PolicyLike = None,
        env: Env = None,
        workdir: str | None = None,
        user: str = "user",
        name: str = "cloche",
        audit: str | os.PathLike[str] | None = None,
        sandboxes: int | None = None,
        clock_resolution: Duration | None = None,
        random_seed: str | None = None,
        host: Host | None = None,
        _loop: Any = None,
    ) -> None:
        self.tools = tools_of(tools)
        self.name = checked_text("name", name, 64)
        if limits is not None and not isinstance(limits, Limits):
            raise type_error("limits", limits, "cloche.Limits")
        options: dict[str, Any] = {
            "mounts": mount_tuples(mounts),
            "env": env_pairs(env),
            "workdir": b"" if workdir is None else encode_path("workdir", workdir),
            "user": checked_text("user", user, 64),
            "hostname": self.name,
            "limits": {} if limits is None else limits.as_policy(),
            "sandboxes": _count("sandboxes", sandboxes),
            "random_seed": "" if random_seed is None else checked_text("random_seed", random_seed),
            "clock_resolution_ns": None
            if clock_resolution is None
            else nanoseconds("clock_resolution", clock_resolution),
            "audit": b"" if audit is None else encode_path("audit", audit),
        }
        authority, self.grants = _authority(self.tools, grants, policy, options)
        options.update(authority)
        self.user = options["user"]
        self.host = default_host() if host is None else host
        loop = _loop or _loop_thread
        options["tools"] = [
            tool.as_options(make_handler(tool, id(self), loop)) for tool in self.tools
        ]
        self.mounts = [
            (os.fsdecode(path), os.fsdecode(guest), mode) for path, guest, mode in options["mounts"]
        ]
        try:
            self._core = _cloche.Sandbox(core_of(self.host), options)
        except ValueError as error:
            raise _as_policy_error(error, options["policy_name"]) from None
        self.files = Files(_cloche.Files(self._core), self._check_not_inside)

    def __enter__(self) -> Sandbox:
        self._check()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<cloche.Sandbox {self.name}{', closed' if self.closed else ''}>"

    def __del__(self) -> None:
        core = getattr(self, "_core", None)
        if core is not None and not core.closed:
            warnings.warn(f"{self!r} was not closed", ResourceWarning, source=self)

    def close(self) -> None:
        """Ends all that runs, and the sandbox with its files. More than once is no mistake."""
        self._check_not_inside()
        try:
            self._core.close()
        except ForkedError:
            pass  # the parent's, which closes it

    @property
    def closed(self) -> bool:
        return self._core.closed

    def has_python(self) -> bool:
        """Whether there is a Python inside."""
        return any("python3" in program["commands"] for program in self.host.programs())

    def _check_not_inside(self) -> None:
        if id(self) in inside.get():
            raise ReentryError(f"a tool or a callback used {self!r}, which waits for it")

    def _check(self) -> _cloche.Sandbox:
        self._check_not_inside()
        if self._core.closed:
            self._core.sessions()  # raises what there is to raise
        return self._core

    # --- programs

    def run(
        self,
        command: Command,
        *,
        input: Input = None,
        timeout: Duration | None = None,
        on_stdout: OnOutput = None,
        on_stderr: OnOutput = None,
    ) -> Result:
        """Runs a command to its end: a str by ``bash -c``, a list as it is.

        ``input`` is text, bytes, or a file with a descriptor. Files that the command wrote stay for
        the next one. ``on_stdout`` and ``on_stderr`` get output as it comes, from another thread; if
        one raises, the run ends and the exception comes from here. Ctrl-C ends the run, too.

        >>> with Sandbox() as sandbox:
        ...     sandbox.run(["sort", "-n"], input="10\\n9\\n").stdout
        ...     sandbox.run("exit 3").exit_code
        '9\\n10\\n'
        3
        """
        argv = argv_of(command)
        given = _input_of(input)
        limit = None if timeout is None else (nanoseconds("timeout", timeout) or None)
        core = self._check()
        if on_stdout is None and on_stderr is None:
            return Result(core.run(argv, given, None, None, limit))
        return self._run_shown(core, argv, given, limit, on_stdout, on_stderr)

    def _run_shown(
        self,
        core: _cloche.Sandbox,
        argv: list[bytes],
        given: bytes | int | None,
        limit: int | None,
        on_stdout: OnOutput,
        on_stderr: OnOutput,
    ) -> Result:
        pumps: list[Pump | None] = [None, None]
        written: list[bytes | None] = [None, None]
        token = inside.set(inside.get() | {id(self)})  # for the threads of the pumps
        try:
            for at, callback in enumerate((on_stdout, on_stderr)):
                if callback is not None:
                    pumps[at] = Pump(callback, core.kill)
            descriptors = [None if pump is None else pump.descriptor for pump in pumps]
            result = Result(core.run(argv, given, descriptors[0], descriptors[1], limit))
        finally:
            inside.reset(token)
            for at, pump in enumerate(pumps):
                written[at] = None if pump is None else pump.finish()
        for pump in pumps:
            if pump is not None and pump.error is not None:
                raise pump.error
        if written[0] is not None:
            result.stdout_bytes = written[0]
        if written[1] is not None:
            result.stderr_bytes = written[1]
        return result

    def spawn(
        self,
        command: Command,
        *,
        input: Input | int = PIPE,
        stdout: int | None = PIPE,
        stderr: int | None = PIPE,
        pty: bool = False,
        size: tuple[int, int] = (24, 80),
        timeout: Duration | None = None,
    ) -> Process:
        """Starts a program that goes on by itself, and comes back: docs/background.md.

        Its streams are pipes to this program (``PIPE``), descriptors of this program, or captured
        in its result (None); ``input`` may also be text or bytes. ``pty`` gives it a terminal of
        that ``size`` in rows and columns. Limits of a run hold for it from its own start on.

        >>> with Sandbox() as sandbox, sandbox.spawn(["cat"]) as process:
        ...     process.write("hello\\n")
        ...     process.stdout.readline()
        b'hello\\n'
        """
        rows, columns = window_size(*size)
        options = {
            "argv": argv_of(command),
            "input": _stream_of("input", input) if isinstance(input, int) else _input_of(input),
            "stdout": _stream_of("stdout", stdout),
            "stderr": None if pty else _stream_of("stderr", stderr),
            "terminal": bool(pty),
            "rows": rows,
            "columns": columns,
            "timeout_ns": None if timeout is None else (nanoseconds("timeout", timeout) or None),
        }
        return Process(self._check().spawn(options))

    # --- code in sessions

    def run_python(
        self,
        code: str,
        *,
        session: str = "main",
        input: str | bytes | None = None,
        timeout: Duration | None = None,
        grace: Duration = 2,
        value_size: int = 16 << 20,
    ) -> CodeResult:
        """Runs a cell of Python in a session, whose variables live from call to call.

        >>> with Sandbox() as sandbox:
        ...     x = sandbox.run_python("x = 20")
        ...     sandbox.run_python("x + 1").value
        21
        """
        return self.run_code(
            code,
            language="python",
            session=session,
            input=input,
            timeout=timeout,
            grace=grace,
            value_size=value_size,
        )

    def run_js(
        self,
        code: str,
        *,
        session: str = "main",
        input: str | bytes | None = None,
        timeout: Duration | None = None,
        grace: Duration = 2,
        value_size: int = 16 << 20,
    ) -> CodeResult:
        """Runs a cell of JavaScript; ``return`` and ``await`` may stand at the top.

        >>> with Sandbox() as sandbox:
        ...     sandbox.run_js("return [1, 2].map(n => n * 2)").value
        [2, 4]
        """
        return self.run_code(
            code,
            language="javascript",
            session=session,
            input=input,
            timeout=timeout,
            grace=grace,
            value_size=value_size,
        )

    def run_code(
        self,
        code: str,
        *,
        language: str = "python",
        session: str = "main",
        input: str | bytes | None = None,
        timeout: Duration | None = None,
        grace: Duration = 2,
        value_size: int = 16 << 20,
    ) -> CodeResult:
        """Runs a cell of code: docs/sessions.md. After ``timeout`` it is interrupted, and after
        ``grace`` more its session ended. A value of more than ``value_size`` bytes is an error."""
        options = {
            "code": checked_text("the code", code, 16 << 20),
            "language": _language(language),
            "session": checked_text("session", session, 1024),
            "input": b"" if input is None else encode("input", input),
            "timeout_ns": None if timeout is None else (nanoseconds("timeout", timeout) or None),
            "grace_ns": nanoseconds("grace", grace),
            "value_bytes": _count("value_size", value_size),
        }
        result = CodeResult(self._check().run_code(options))
        if result.outcome == "error" and options["language"] == "python":
            _check_python(result)
        return result

    def interrupt(self, *, language: str = "python", session: str = "main") -> bool:
        """Interrupts the code that runs there: ``KeyboardInterrupt``. False: none does."""
        return self._check().interrupt(_language(language), checked_text("session", session, 1024))

    def close_session(self, *, language: str = "python", session: str = "main") -> bool:
        """Ends a session with its variables. False: there is none."""
        return self._check().close_session(
            _language(language), checked_text("session", session, 1024)
        )

    def sessions(self) -> list[Session]:
        return [Session(*values) for values in self._check().sessions()]

    # --- while something runs, from any thread

    def kill(self) -> None:
        """Ends what runs at once: outcome ``"cancelled"``. Also from tools and callbacks."""
        self._core.kill()

    def signal(self, signal: int | str) -> None:
        """To the running command and code: ``"SIGTERM"``, or a number. Also from tools."""
        self._core.signal(signal_number(signal))

    def stats(self) -> dict[str, Any]:
        """What the sandbox uses now: times in ns, sizes in bytes."""
        return self._check().stats()

    def limits(self) -> dict[str, str]:
        """The limits as they are, by the names of policies.

        >>> with Sandbox(limits=Limits(memory="256M")) as sandbox:
        ...     sandbox.limits()["memory.max"]
        '256M'
        """
        return self._check().limits()

    def set_limit(self, name: str, value: Duration | int | str) -> None:
        """Sets a limit, up or down, from now on, by its name in ``Limits`` or in policies."""
        checked = checked_text("the name of a limit", name, 100)
        self._check().set_limit(limit_name(checked), limit_text(checked, value))

    def pause(self) -> None:
        """Stops all processes until ``resume()``; ``timeout`` goes on."""
        self._check().pause()

    def resume(self) -> None:
        self._check().resume()

    def signal_process(self, pid: int, signal: int | str) -> None:
        """As ``kill(2)`` by the host, for a process of the sandbox."""
        self._check().signal_process(integer("pid", pid), signal_number(signal))

    def set_nice(self, pid: int, nice: int) -> None:
        """As ``renice(8)`` by the host."""
        self._check().set_nice(integer("pid", pid), integer("nice", nice))

    def audit(self) -> list[dict[str, Any]]:
        """The newest events of the audit log, oldest first: docs/audit.md."""
        return [json.loads(line) for line in self._check().audit()]


def argv_of(command: Command) -> list[bytes]:
    if isinstance(command, str):
        return [b"bash", b"-c", encode_name("the command", command)]
    if isinstance(command, (bytes, bytearray)) or not isinstance(command, (list, tuple)):
        raise type_error("the command", command, "a str for bash, or a list of arguments")
    if not command:
        raise ArgumentError("the command is an empty list: there is no program to run")
    return [encode_name(f"argument {at}", argument) for at, argument in enumerate(command)]


def _stream_of(what: str, stream: int | None) -> int | str | None:
    """A pipe, a descriptor of this process that is open, or None."""
    if stream is None or stream == PIPE:
        return "pipe" if stream == PIPE else None
    try:
        os.fstat(integer(what, stream))
    except OSError as error:
        raise ArgumentError(f"{what} is the descriptor {stream}: {error.strerror}") from None
    return stream


def _input_of(given: Input) -> bytes | int | None:
    if given is None:
        return None
    if isinstance(given, (str, bytes)):
        return encode("input", given)
    try:
        return given.fileno()
    except (AttributeError, OSError, ValueError):
        raise type_error("input", given, "str, bytes, or an open file with a descriptor") from None


def _authority(
    tools: list[Tool], grants: Grants, policy: PolicyLike, options: dict[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What may be done, as the core takes it (a policy, or names of tools), and the grants in it."""
    granted = grants_of(grants)
    if policy is not None and granted:
        raise ArgumentError(
            "there are grants and a policy", "put the grants into the policy, under 'tools'"
        )
    names = [grant["tool"] for grant in granted if grant == _any(grant.get("tool"))]
    plain = len(names) == len(granted)
    if policy is not None:
        made = read_policy(policy)
        granted = grants_in(made)
    elif plain:
        made = PolicyText()
    else:
        made = made_policy(granted, options["mounts"], options["env"])
    authority = {
        "policy": made.text,
        "policy_name": made.name,
        "policy_folder": made.folder,
        "allow_tools": names if plain else [],
    }
    return authority, granted


def _any(tool: object) -> dict[str, Any]:
    return {"tool": tool, "others": "allow"}


def _as_policy_error(error: ValueError, policy_name: str) -> ValueError:
    """Mistakes of a policy begin with its name, as a compiler's with that of the file."""
    text = str(error)
    if policy_name and isinstance(error, ArgumentError) and text.startswith(f"{policy_name}:"):
        return PolicyError(text)
    return error if isinstance(error, ArgumentError) else ArgumentError(text)


def _check_python(result: CodeResult) -> None:
    if result.error is not None and "python3" in result.error.message:
        check_python_pack()


def _language(name: str) -> str:
    if name not in ("python", "py", "javascript", "js"):
        raise ArgumentError(f"the language is {name!r}; there are python and javascript")
    return name


def integer(what: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise type_error(what, value, "int")
    if abs(value) >= 1 << 31:
        raise ArgumentError(f"{what} is too large")
    return value


def _count(what: str, value: int | None) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise type_error(what, value, "int")
    if not 0 <= value < 1 << 63:
        raise ArgumentError(f"{what} is {value}; it must be 0 or more")
    return value


def signal_number(signal: int | str) -> int:
    if isinstance(signal, str):
        found = getattr(_signal, signal, None)
        if not isinstance(found, _signal.Signals):
            raise ArgumentError(f"there is no signal {signal[:40]!r}")
        return int(found)
    number = integer("the signal", signal)
    if not 1 <= number <= 64:
        raise ArgumentError(f"the signal is {number}; signals are 1 to 64")
    return number
