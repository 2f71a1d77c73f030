"""Results in words, for a model to read, and as the exit statuses that shells have."""

from __future__ import annotations

import signal

from ._results import CodeResult, ErrorInfo, Result

MAX_OUTPUT = 30_000  # characters of a result that a model is shown unless somebody says otherwise


_FIRST_REAL_TIME = 32
_NO_ERROR = ErrorInfo("", "")


def error_of(result: Result) -> ErrorInfo:
    """The error of a result; empty texts where there is none."""
    return result.error or _NO_ERROR


def truncated(result: Result) -> bool:
    """Whether output beyond a limit was lost."""
    return result.truncated.stdout or result.truncated.stderr


def _signal_number(name: str | None) -> int:
    """The number of "SIGTERM", "SIGRTMIN+3" or "signal 40", as on Linux; 0 for another name."""
    base, _, more = (name or "").replace("signal ", "0+").partition("+")
    # As kernels count; the number that Python has leaves out what the libc keeps for itself.
    number = (
        _FIRST_REAL_TIME
        if base == "SIGRTMIN"
        else getattr(signal, base, 0)
        if base.startswith("SIG")
        else 0
    )
    return int(number) + (int(more) if more.isdigit() else 0)


def exit_status(result: Result) -> int:
    """The exit status that `cloche run` would have: 124 for a time-out, 137 for another limit."""
    if result.outcome == "exited":
        return result.exit_code or 0
    if result.outcome == "signaled":
        return 128 + _signal_number(result.signal)
    if result.outcome == "error":
        return {"not_found": 127, "not_executable": 126}.get(error_of(result).type, 125)
    return {"timeout": 124, "limit": 137, "cancelled": 137}.get(result.outcome, 125)


def ending(result: Result) -> str:
    """How it ended, in brackets; nothing if that was well."""
    if result.outcome == "exited":
        return "" if result.exit_code == 0 else f"[exit code {result.exit_code}]"
    if result.outcome == "signaled":
        return f"[ended by {result.signal}]"
    if result.outcome == "timeout":
        return "[ended: the time was over]"
    if result.outcome == "limit":
        return f"[ended at the limit {result.limit}]"
    message = error_of(result).message
    return f"[{result.outcome}: {message}]" if message else f"[{result.outcome}]"


def shorten(text: str, most: int) -> str:
    """The text, or its beginning and end with a line between that says how much is missing."""
    if len(text) <= most:
        return text
    head = most * 2 // 3
    tail = most - head
    return (
        f"{text[:head]}\n[… {len(text) - most} characters left out …]\n{text[len(text) - tail :]}"
    )


def _value_text(result: Result) -> str:
    """The value of a cell as its interpreter writes it; nothing for None and for programs."""
    if not isinstance(result, CodeResult) or result.value is None:
        return ""
    return result.repr or repr(result.value)


def result_text(result: Result, max_output: int = MAX_OUTPUT) -> str:
    """A result as a model reads it: output, value, errors, and how it ended unless that was well.

    At most `max_output` characters of what was written, its beginning and end. How it ended is the
    last line, in brackets. The rest was written by code in the sandbox, which may write anything:
    data, not instructions.
    """
    lost = "[output beyond the limit was lost]" if truncated(result) else ""
    new = isinstance(result, CodeResult) and result.session_restarted
    restarted = "[a new session: the variables of the last one are gone]" if new else ""
    parts = [
        result.stdout,
        _value_text(result),
        "[standard error]\n" + result.stderr if result.stderr else "",
    ]
    body = "\n".join(part.rstrip("\n") for part in parts if part.strip("\n"))
    said = filter(None, [restarted, shorten(body, max_output), lost, ending(result)])
    return "\n".join(said) or "[no output]"
