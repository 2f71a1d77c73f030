"""How a run ended."""

from __future__ import annotations

import base64
import json
from typing import Any, NamedTuple, TypeVar

from ._errors import CommandError, ToolDenied

_DENIED_EXIT_CODE = 77  # of the guest's command `tool`

_R = TypeVar("_R", bound="Result")


class Usage(NamedTuple):
    """What a run used."""

    wall_ms: float
    cpu_ms: float
    memory_peak_bytes: int
    processes: int
    forks: int
    file_bytes: int
    tool_calls: int


class ToolCall(NamedTuple):
    """One call of a tool, as it was decided: ``allowed``, ``denied`` or ``failed``."""

    tool: str
    decision: str
    reason: str | None
    params_sha256: str
    ms: float


class Truncated(NamedTuple):
    """Whether output was lost at a limit."""

    stdout: bool
    stderr: bool


class ErrorInfo(NamedTuple):
    """Why a run did not start, or what exception ended code."""

    type: str
    message: str
    traceback: str | None = None


class Result:
    """How a run ended, and what it wrote.

    ``outcome`` is ``"exited"`` (then ``exit_code`` holds), ``"signaled"`` (``signal``),
    ``"timeout"``, ``"limit"`` (``limit`` names it), ``"denied"``, ``"cancelled"`` or ``"error"``
    (it never started: ``error``). ``stdout`` and ``stderr`` are text, with U+FFFD for what is not
    UTF-8; ``stdout_bytes`` and ``stderr_bytes`` are as written.
    """

    __slots__ = (
        "outcome",
        "limit",
        "exit_code",
        "signal",
        "stdout_bytes",
        "stderr_bytes",
        "truncated",
        "usage",
        "tool_calls",
        "limits_hit",
        "error",
    )

    def __init__(self, values: tuple[Any, ...]) -> None:
        self.outcome: str = values[0]
        self.limit: str | None = values[1]
        self.exit_code: int | None = values[2]
        self.signal: str | None = values[3]
        self.stdout_bytes: bytes = values[4]
        self.stderr_bytes: bytes = values[5]
        self.truncated = Truncated(values[6], values[7])
        self.usage = Usage(*values[8])
        self.tool_calls = [ToolCall(*call) for call in values[9]]
        self.limits_hit: dict[str, int] = values[10]
        self.error: ErrorInfo | None = None
        if values[11] or values[12]:
            self.error = ErrorInfo(values[11] or self.outcome, values[12] or "")

    @property
    def stdout(self) -> str:
        return self.stdout_bytes.decode("utf-8", "replace")

    @property
    def stderr(self) -> str:
        return self.stderr_bytes.decode("utf-8", "replace")

    @property
    def ok(self) -> bool:
        """It exited with 0."""
        return self.outcome == "exited" and self.exit_code == 0

    def check(self: _R) -> _R:
        """This result if it is ok, else raises ``CommandError``, or ``ToolDenied`` if the run
        failed as a call of a tool was denied."""
        if self.ok:
            return self
        denied = self._denied_call()
        if denied is not None:
            reason = denied.reason or "denied"
            raise ToolDenied(f"{denied.tool}: {reason}", self, denied.tool, reason)
        raise CommandError(self.describe(), self)

    def _denied_call(self) -> ToolCall | None:
        """The call whose denial ended the run, as far as the run says so."""
        says_so = self.exit_code == _DENIED_EXIT_CODE or (
            self.error is not None and self.error.type.endswith("ToolDenied")
        )
        denied = [call for call in self.tool_calls if call.decision == "denied"]
        return denied[-1] if says_so and denied else None

    def describe(self) -> str:
        """How it ended, in words, with the last line of its standard error."""
        lines = self.stderr.strip().splitlines()
        return self._ending() + (f": {lines[-1][:500]}" if lines else "")

    def _ending(self) -> str:
        if self.outcome == "exited":
            return f"exited with {self.exit_code}"
        if self.outcome == "signaled":
            return f"ended by {self.signal}"
        if self.outcome == "limit":
            return f"ended at the limit {self.limit}"
        if self.outcome == "timeout":
            return "ended at the time-out"
        if self.outcome == "error" and self.error is not None:
            return f"did not start: {self.error.message}"
        return self.outcome

    def __repr__(self) -> str:
        out = self.stdout_bytes
        shown = out[:60].decode("utf-8", "replace") + ("…" if len(out) > 60 else "")
        return f"<{type(self).__name__} {self._ending()}, stdout={shown!r}{self._more()}>"

    def _more(self) -> str:
        return ""


class Display(dict[str, Any]):
    """What code showed with ``display()``: values by MIME types. Texts are str, JSON is parsed,
    images and other bytes are bytes."""


class CodeResult(Result):
    """How a cell of code ended: a ``Result``, and its value.

    ``value_type`` is ``"json"`` (``value`` is what JSON says), ``"bytes"``, ``"text"`` (``value``
    is the ``repr()`` of a value that JSON does not know) or ``"none"``.
    """

    __slots__ = (
        "value",
        "value_type",
        "repr",
        "displays",
        "traceback",
        "cell",
        "session_restarted",
        "session_ended",
    )

    def __init__(self, values: tuple[Any, ...]) -> None:
        super().__init__(values[0])
        self.value_type: str
        self.value: Any
        self.value_type, self.value = _value_of(values[1], values[2])
        self.repr: str = values[3]
        self.displays = [_display_of(forms) for forms in values[4]]
        self.traceback: str | None = values[5]
        self.cell: int = values[6]
        self.session_restarted: bool = values[7]
        self.session_ended: bool = values[8]
        if self.error is not None:
            self.error = self.error._replace(traceback=self.traceback)

    def _more(self) -> str:
        return "" if self.value_type == "none" else f", value={self.repr[:60]}"


def _parse(data: bytes) -> tuple[str, Any]:
    """JSON that a guest made: what Python does not take (a number of 5,000 digits) stays text."""
    try:
        return "json", json.loads(data)
    except (ValueError, RecursionError):
        return "text", data.decode("utf-8", "replace")


def _value_of(kind: str, data: bytes) -> tuple[str, Any]:
    if kind == "json":
        return _parse(data)
    if kind == "bytes":
        return kind, data
    return kind, data.decode("utf-8", "replace") if kind == "text" else None


def _is_text(mime: str) -> bool:
    return mime.startswith("text/") or mime in ("image/svg+xml", "application/javascript")


def _display_of(forms: list[tuple[str, bytes, bool]]) -> Display:
    shown = Display()
    for mime, data, is_json in forms:
        if is_json:
            shown[mime] = _parse(data)[1]
        elif _is_text(mime):
            shown[mime] = data.decode("utf-8", "replace")
        else:
            try:
                shown[mime] = base64.b64decode(data, validate=True)
            except ValueError:
                shown[mime] = data.decode("utf-8", "replace")
    return shown
