"""What a sandbox is made of: grants, mounts, limits."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Union

from ._conditions import as_condition
from ._errors import ArgumentError, ArgumentTypeError
from ._values import Duration, Path, Size, checked_text, encode_name, encode_path
from ._values import nanoseconds, type_error

Env = Union[Mapping[str, str], None]
PolicyLike = Union[str, "os.PathLike[str]", Mapping[str, Any], None]

_MODES = ("ro", "rw", "cow")


def name_of_tool(tool: object) -> str:
    """The name of a tool, of a function that is one, or a pattern of names."""
    if isinstance(tool, str):
        return checked_text("the name of a tool", tool, 1024)
    name = getattr(tool, "name", None) or getattr(tool, "__name__", None)
    if not isinstance(name, str):
        raise type_error("the tool of a grant", tool, "a name or a function")
    return name


@dataclass(frozen=True)
class Grant:
    """The right to call a tool: by its name, a pattern (``"payments/*"``) or the function.

    ``where`` maps parameters to conditions (``cloche.one_of``, ``gt``, ...) or to the one value
    that is allowed. A parameter that it does not name is refused unless ``others="allow"``; so a
    grant with neither allows calls without parameters only.

    >>> Grant("get_price", where={"symbol": "AAPL"}, calls=10).as_policy()
    {'tool': 'get_price', 'where': {'symbol': {'eq': 'AAPL'}}, 'calls': 10}
    """

    tool: str | Callable[..., Any] | Any
    where: Mapping[str, Any] | None = None
    calls: int | None = None
    rate: tuple[int, Duration] | None = None  # so many calls in such a time
    bytes: int | None = None  # of parameters and results
    expires: str | datetime | None = None
    others: str = "refuse"
    audit: str | None = None  # "whole", "hashed", "redacted": how the log keeps parameters

    def as_policy(self) -> dict[str, Any]:
        """As a policy has it, in ``"tools"``."""
        grant: dict[str, Any] = {"tool": name_of_tool(self.tool)}
        if self.where is not None:
            if not isinstance(self.where, Mapping):
                raise type_error("where", self.where, "a dict from parameters to conditions")
            grant["where"] = {name: as_condition(value) for name, value in self.where.items()}
        if self.others != "refuse":
            grant["others"] = self.others
        for name in ("calls", "bytes", "audit"):
            value = getattr(self, name)
            if value is not None:
                grant[name] = value
        if self.rate is not None:
            calls, per = self.rate
            grant["rate"] = {"calls": calls, "per": f"{nanoseconds('the time of a rate', per)}ns"}
        if self.expires is not None:
            grant["expires"] = _moment(self.expires)
        return grant


def _moment(value: str | datetime) -> str:
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ArgumentError("expires has no time zone, so it may mean several moments")
    return value.isoformat()


@dataclass(frozen=True)
class Mount:
    """A folder or file of this machine that the sandbox shall see.

    ``mode`` is ``"ro"``, ``"rw"`` (writes go to the host) or ``"cow"`` (writes stay inside).
    """

    host: Path
    guest: str
    mode: str = "ro"

    def as_tuple(self) -> tuple[bytes, bytes, str]:
        if self.mode not in _MODES:
            raise ArgumentError(f"the mode of a mount is {self.mode!r}; it must be ro, rw or cow")
        host = os.path.abspath(os.fsdecode(encode_path("the host path of a mount", self.host)))
        guest = encode_path("the guest path of a mount", self.guest)
        return os.fsencode(host), guest, self.mode


# Names in Python and in policies (docs/quotas.md), and what kind of value each has.
_LIMITS = {
    "timeout": ("wall.time", "time"),
    "cpu_time": ("cpu.time", "time"),
    "compile_time": ("compile.time", "time"),
    "cpus": ("cpu.max", "text"),
    "cpu_weight": ("cpu.weight", "text"),
    "cpu_affinity": ("cpuset", "text"),
    "memory": ("memory.max", "text"),
    "memory_high": ("memory.high", "text"),
    "pids": ("pids.max", "text"),
    "fork_rate": ("forks.rate", "text"),
    "disk": ("disk.max", "text"),
    "inodes": ("inodes.max", "text"),
    "file_size": ("file.max", "text"),
    "open_files": ("open_files.max", "text"),
    "timers": ("timers.max", "text"),
    "watches": ("watches.max", "text"),
    "pipe": ("pipe.max", "text"),
    "arguments": ("arguments.max", "text"),
    "module_size": ("module.max", "text"),
    "tool_calls": ("tools.calls", "text"),
    "tool_bytes": ("tools.bytes", "text"),
    "tool_time": ("tools.time", "time"),
    "output": ("output.max", "text"),
    "output_over": ("output.over", "text"),
}


@dataclass(frozen=True)
class Limits:
    """What a sandbox may use; what is not set has its default (docs/quotas.md).

    Times are seconds, texts (``"500ms"``) or timedeltas, sizes bytes or texts (``"256M"``), and
    ``"none"`` is no limit.

    >>> Limits(cpu_time=5, memory="256M", pids=64).as_policy()
    {'cpu.time': '5000000000ns', 'memory.max': '256M', 'pids.max': '64'}
    """

    timeout: Duration | None = None  # wall clock of one run; 60 s
    cpu_time: Duration | None = None  # of one run; 30 s
    compile_time: Duration | None = None  # of all programs; 60 s
    cpus: float | str | None = None  # CPUs at a time: 0.5; none
    cpu_weight: int | None = None  # share of busy CPUs among sandboxes; 100
    cpu_affinity: str | None = None  # CPUs that it may run on, "0-1,4"; all
    memory: Size | None = None  # all that it costs the host; 512M
    memory_high: Size | None = None  # beyond that it is slowed down; none
    pids: int | None = None  # processes and threads; 256
    fork_rate: int | None = None  # new ones a second; 50,000
    disk: Size | None = None  # files in memory; 1G
    inodes: int | None = None  # of the same; 100,000
    file_size: Size | None = None  # one file; none
    open_files: int | None = None  # one process; 1024
    timers: int | None = None
    watches: int | None = None
    pipe: Size | None = None  # bytes that one pipe holds; 64K
    arguments: Size | None = None  # of a program; 2M
    module_size: Size | None = None  # of a program; 64M
    tool_calls: int | None = None  # attempted in one run; 100,000
    tool_bytes: Size | None = None  # parameters and results of one run; 1G
    tool_time: Duration | None = None  # of one call; what its tool says
    output: Size | None = None  # stdout and stderr of one run; 64M
    output_over: str | None = None  # beyond that: "kill" (the default) or "truncate"

    def as_policy(self) -> dict[str, str]:
        """By the names of policies, as texts."""
        limits = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                name, kind = _LIMITS[field.name]
                limits[name] = _limit_text(field.name, value, kind)
        return limits


def limit_name(name: str) -> str:
    """The name in policies of a limit by either of its names."""
    return _LIMITS[name][0] if name in _LIMITS else name


def limit_text(name: str, value: object) -> str:
    """The value of a limit by either of its names, as policies write it."""
    kinds = {policy: kind for policy, kind in _LIMITS.values()}
    return _limit_text(name, value, kinds.get(limit_name(name), "text"))


def _limit_text(name: str, value: Any, kind: str) -> str:
    if kind == "time":
        ns = nanoseconds(f"the limit {name}", value)
        return f"{ns}ns" if ns else "none"
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise type_error(f"the limit {name}", value, "a number or a text")
    return checked_text(f"the limit {name}", str(value), 100)


def env_pairs(env: Env) -> list[tuple[bytes, bytes]]:
    if env is None:
        return []
    if not isinstance(env, Mapping):
        raise type_error("env", env, "a dict of texts")
    pairs = []
    for name, value in env.items():
        encoded = encode_name("the name of a variable", name)
        pairs.append((encoded, encode_name(f"the variable {name!r}", value)))
    return pairs


def mount_tuples(mounts: Sequence[Any]) -> list[tuple[bytes, bytes, str]]:
    return [_mount_of(mount).as_tuple() for mount in _sequence("mounts", mounts)]


def _mount_of(mount: object) -> Mount:
    if isinstance(mount, Mount):
        return mount
    if isinstance(mount, (tuple, list)) and len(mount) in (2, 3):
        return Mount(*mount)
    raise type_error("a mount", mount, "cloche.Mount(host, guest, mode)")


def _sequence(what: str, value: object) -> Sequence[Any]:
    if isinstance(value, (list, tuple)):
        return value
    raise type_error(what, value, "a list")


def grants_of(grants: Sequence[Any]) -> list[dict[str, Any]]:
    """As a policy has them. A name or pattern alone allows any parameters."""
    made = []
    for grant in _sequence("grants", grants):
        if isinstance(grant, Grant):
            made.append(grant.as_policy())
        elif isinstance(grant, str):
            made.append({"tool": name_of_tool(grant), "others": "allow"})
        elif isinstance(grant, Mapping):
            made.append(dict(grant))
        else:
            raise type_error("a grant", grant, "cloche.Grant(...), the name of a tool, or a dict")
    return made


@dataclass(frozen=True)
class PolicyText:
    """A policy as the core reads it."""

    text: str = ""
    name: str = ""  # in messages
    folder: bytes = b""  # where its relative host paths begin


def read_policy(policy: PolicyLike) -> PolicyText:
    """Of a file by its path, of a dict."""
    if policy is None:
        return PolicyText()
    if isinstance(policy, Mapping):
        return PolicyText(to_json("the policy", policy), "policy", os.fsencode(os.getcwd()))
    path = os.fsdecode(encode_path("the policy", policy))
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"the policy {path}: {error}") from error
    return PolicyText(text, path, os.fsencode(os.path.dirname(os.path.abspath(path))))


def grants_in(policy: PolicyText) -> list[dict[str, Any]]:
    """The grants that a policy has, as far as it can be read; the core says what is wrong with it."""
    try:
        tools = json.loads(policy.text).get("tools", [])
    except (ValueError, AttributeError, RecursionError):
        return []
    return [grant for grant in tools if isinstance(grant, dict) and "tool" in grant]


def to_json(what: str, value: object) -> str:
    """JSON as the core takes it: no NaN, no cycles, nothing that JSON does not know."""
    try:
        return json.dumps(value, allow_nan=False)
    except TypeError as error:
        raise ArgumentTypeError(f"{what} is no JSON: {error}") from None
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"{what} is no JSON: {error}") from None


def made_policy(
    grants: list[dict[str, Any]],
    mounts: list[tuple[bytes, bytes, str]],
    env: list[tuple[bytes, bytes]],
) -> PolicyText:
    """What the arguments of a sandbox grant, as one policy."""
    policy: dict[str, Any] = {"version": 1, "tools": grants}
    try:
        if mounts:
            policy["mounts"] = [
                {"host": host.decode(), "guest": guest.decode(), "mode": mode}
                for host, guest, mode in mounts
            ]
        if env:
            policy["env"] = {name.decode(): value.decode() for name, value in env}
    except UnicodeDecodeError as error:
        raise ArgumentError(
            f"beside grants, mounts and variables must be UTF-8: {error}"
        ) from None
    return PolicyText(to_json("a grant", policy), "grants")
