"""Cloche: run code that nobody has reviewed, inside this process.

>>> import cloche
>>> def get_price(symbol: str) -> float:
...     return {"AAPL": 187.5}[symbol]
>>> grant = cloche.Grant(get_price, where={"symbol": cloche.one_of("AAPL", "MSFT")}, calls=10)
>>> with cloche.Sandbox(tools=[get_price], grants=[grant]) as sandbox:
...     sandbox.run("tool call get_price --symbol AAPL").stdout
...     sandbox.run("tool call get_price --symbol TSLA").stderr
'187.5\\n'
'tool: denied: symbol must be one of "AAPL", "MSFT", is "TSLA"\\n'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._cloche import __version__
from ._conditions import (
    Condition,
    all_of,
    any_of,
    between,
    contains,
    ends_with,
    eq,
    exists,
    ge,
    gt,
    host_in,
    le,
    lt,
    matches,
    max_length,
    min_length,
    ne,
    not_,
    not_in,
    one_of,
    optional,
    starts_with,
    under,
)
from ._errors import (
    ArgumentError,
    ArgumentTypeError,
    BusyError,
    ClosedError,
    CommandError,
    Error,
    ForkedError,
    InternalError,
    MalformedError,
    NotFoundError,
    PermissionDeniedError,
    PolicyError,
    ReentryError,
    ResourceExhaustedError,
    SystemFailureError,
    ToolDenied,
    ToolError,
    UnsupportedError,
)
from ._files import ArchiveReport, FileInfo, Files
from ._host import Host
from ._options import Grant, Limits, Mount
from ._policy import AuditVerdict, PolicyReport, check_policy, verify_audit
from ._process import Process
from ._results import CodeResult, Display, ErrorInfo, Result, ToolCall, Truncated, Usage
from ._sandbox import PIPE, Sandbox, Session
from ._tools import Tool, tool

if TYPE_CHECKING:
    from ._async import AsyncSandbox
    from .models import (
        acall_tool,
        asystem_prompt,
        call_tool,
        from_anthropic_tools,
        from_langchain_tools,
        from_mcp_tools,
        from_openai_tools,
        system_prompt,
        to_anthropic_tools,
        to_openai_tools,
    )

__all__ = [
    "ArchiveReport",
    "ArgumentError",
    "ArgumentTypeError",
    "AsyncSandbox",
    "AuditVerdict",
    "BusyError",
    "ClosedError",
    "CodeResult",
    "CommandError",
    "Condition",
    "Display",
    "Error",
    "ErrorInfo",
    "FileInfo",
    "Files",
    "ForkedError",
    "Grant",
    "Host",
    "InternalError",
    "Limits",
    "MalformedError",
    "Mount",
    "NotFoundError",
    "PIPE",
    "PermissionDeniedError",
    "PolicyError",
    "PolicyReport",
    "Process",
    "ReentryError",
    "ResourceExhaustedError",
    "Result",
    "Sandbox",
    "Session",
    "SystemFailureError",
    "Tool",
    "ToolCall",
    "ToolDenied",
    "ToolError",
    "Truncated",
    "UnsupportedError",
    "Usage",
    "__version__",
    "acall_tool",
    "all_of",
    "any_of",
    "asystem_prompt",
    "between",
    "call_tool",
    "check_policy",
    "contains",
    "ends_with",
    "eq",
    "exists",
    "from_anthropic_tools",
    "from_langchain_tools",
    "from_mcp_tools",
    "from_openai_tools",
    "ge",
    "gt",
    "host_in",
    "le",
    "lt",
    "matches",
    "max_length",
    "min_length",
    "ne",
    "not_",
    "not_in",
    "one_of",
    "optional",
    "starts_with",
    "system_prompt",
    "to_anthropic_tools",
    "to_openai_tools",
    "tool",
    "under",
    "verify_audit",
]


def __getattr__(name: str) -> Any:
    # asyncio takes longer to import than all of this.
    if name == "AsyncSandbox":
        from ._async import AsyncSandbox

        return AsyncSandbox
    if name in __all__:  # what is not here by now is there
        from . import models

        return getattr(models, name)
    raise AttributeError(f"module 'cloche' has no attribute {name!r}")
