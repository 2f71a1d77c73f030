"""What a model is told about a sandbox: made of the sandbox itself, not of what its maker meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._async import AsyncSandbox
    from ._results import Result
    from ._sandbox import Sandbox

# In this order, where they are there; all others are counted.
_NAMED = (
    "bash",
    "coreutils",
    "findutils",
    "grep",
    "sed",
    "gawk",
    "mawk",
    "diffutils",
    "tar",
    "gzip",
    "jq",
    "sqlite3",
    "git",
    "less",
    "vim",
)

# Names of limits, and what they are to a model. Others matter less than the words they would take.
_LIMITS = (
    ("wall.time", "{} of time for each call"),
    ("cpu.time", "{} of CPU time for each call"),
    ("memory.max", "{} of memory"),
    ("pids.max", "{} processes"),
    ("disk.max", "{} of files"),
    ("output.max", "{} of output for each call"),
)
_MODES = {
    "ro": "read-only",
    "rw": "writable: writes change the user's own files",
    "cow": "writable: writes stay in the sandbox",
}


def _programs(sandbox: Sandbox | AsyncSandbox) -> str:
    programs = sandbox.host.programs()
    there = {program["name"] for program in programs}
    commands = {command for program in programs for command in program["commands"]}
    names = [name for name in _NAMED if name in there]
    if "python3" in commands:
        extra = (
            "the standard library and NumPy" if "numpy" in there else "the standard library only"
        )
        names.append(f"python3 ({extra}; no pip from a network)")
    if "js" in commands:
        names.append("js (JavaScript)")
    return (
        f"{', '.join(names)}; {len(commands)} commands in all. Native binaries of Linux do not run."
    )


def _files(mounts: str) -> list[str]:
    """Of /proc/mounts, which the sandbox's own kernel writes."""
    lines = [
        "/home/user (the working folder) and /tmp are writable, in memory, "
        "and last as long as the sandbox."
    ]
    for line in mounts.splitlines():
        source, folder, kind, options = line.split()[:4]
        if source == "host":
            mode = "cow" if kind == "overlay" else options.split(",")[0]
            lines.append(f"{_unescaped(folder)} is the user's, {_MODES[mode]}.")
    return [*lines, "No other file of the host exists here."]


def _unescaped(name: str) -> str:
    """A name of /proc/mounts, where spaces and so on are octal; on one line."""
    return " ".join(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), name).split())


def _limits(values: dict[str, str]) -> str:
    said = [
        text.format(values[name]) for name, text in _LIMITS if values.get(name, "none") != "none"
    ]
    return f"at most {', '.join(said)}. What goes beyond is refused or ended." if said else "none."


def _conditions(tool: str, conditions: Iterable[str]) -> str:
    """The conditions of a tool without the names that each begins with, which say nothing new."""
    texts = []
    for condition in conditions:
        for start in ("**; ", f"{tool}; "):
            condition = condition.removeprefix(start)
        texts.append(condition if condition not in ("**", tool) else "any parameters")
    return " or: ".join(texts)


def _type(schema: Any) -> str:
    if not isinstance(schema, dict):
        return "any"
    if "enum" in schema:
        return "|".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"][:16])
    kind = schema.get("type", "any")
    return "|".join(kind) if isinstance(kind, list) else str(kind)


def _signature(tool: dict[str, Any]) -> str:
    parameters = tool.get("parameters")
    properties = parameters.get("properties", {}) if isinstance(parameters, dict) else {}
    required = parameters.get("required", []) if isinstance(parameters, dict) else []
    said = [
        f"{name}{'' if name in required else '?'}: {_type(schema)}"
        for name, schema in properties.items()
    ]
    return f"{tool['tool']}({', '.join(said)})"


def _tools(listed: list[dict[str, Any]]) -> list[str]:
    if not listed:
        return ["Tools of the host: none."]
    lines = [
        "Tools of the host, called from code in the sandbox: `tool call NAME --PARAMETER VALUE` in "
        "bash, `import tools; tools.NAME(parameter=value)` in Python, "
        "`await tools.NAME({parameter: value})` in JavaScript; names with a slash by "
        '`tools.call("a/b", {…})` in Python and `tools["a/b"]({…})` in JavaScript. A call that is not allowed here is '
        "denied, counted and recorded; do not try to get around it."
    ]
    for tool in listed:
        description = " ".join(str(tool.get("description", "")).split())
        allowed = _conditions(tool["tool"], tool.get("conditions", []))
        lines.append(
            f"- {_signature(tool)}{': ' + description if description else ''} [allowed: {allowed}]"
        )
    return lines


# Both are the kernel's; a program can neither write them nor put others in their place.
_LOOK = [
    "/usr/bin/bash",
    "-c",
    "cat /proc/mounts; printf '\\0'; ! [[ -e /run/tools/tools.json ]] || cat /run/tools/tools.json",
]


def _text(sandbox: Sandbox | AsyncSandbox, limits: dict[str, str], looked: Result) -> str:
    mounts, _, tools = looked.check().stdout.partition("\0")
    return "\n".join(
        [
            "You can run code in a sandbox: a small Unix of its own, without the user's machine.",
            f"Programs: {_programs(sandbox)}",
            f"Files: {' '.join(_files(mounts))}",
            "Network: none; 127.0.0.1 is the sandbox's own.",
            f"Limits: {_limits(limits)}",
            *_tools(json.loads(tools or "[]")),
        ]
    )


def system_prompt(sandbox: Sandbox) -> str:
    """What a model should know of this sandbox: programs, files, limits, and the tools it may call.

    It is made of what the sandbox has at this moment: its mounts, its limits, and the tools with
    the conditions and the calls that are left. Of an `AsyncSandbox`: `await
    cloche.asystem_prompt(sandbox)`.
    """
    return _text(sandbox, sandbox.limits(), sandbox.run(_LOOK))


async def asystem_prompt(sandbox: AsyncSandbox) -> str:
    """`system_prompt()` of an `AsyncSandbox`."""
    return _text(sandbox, await sandbox.limits(), await sandbox.run(_LOOK))
