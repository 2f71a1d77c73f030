"""What can go wrong, as exceptions. All of them are ``cloche.Error``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._results import Result


class Error(Exception):
    """Something that Cloche could not do.

    ``str(error)`` says what was wrong, ``advice`` what to do about it; ``errno`` is set when it is
    about a file of a sandbox.
    """

    advice: str = ""
    errno: int | None = None

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        if advice:
            self.advice = advice


class ArgumentError(Error, ValueError):
    """A value that cannot be meant: a bad mount, a bad name, a bad limit."""

    advice = "correct the argument that the message names"


class ArgumentTypeError(Error, TypeError):
    """A value of a type that has no meaning there."""

    advice = "pass a value of one of the types that the message names"


class PolicyError(ArgumentError):
    """A policy, or grants, that cannot be: ``mistakes`` has one line for each."""

    advice = "see docs/policy.md; cloche.check_policy() checks one without a sandbox"

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice)
        self.mistakes: list[str] = message.splitlines()


class NotFoundError(Error):
    """A file or folder of the host, or a program, does not exist."""

    advice = "look for a typing mistake in the path"


class PermissionDeniedError(Error):
    """The operating system says no."""

    advice = "this process needs the right to use what the message names"


class MalformedError(Error):
    """The pack or a module is damaged or is none."""

    advice = "install the package again"


class UnsupportedError(Error):
    """This machine or this version cannot do it."""

    advice = "python -m cloche doctor says what this machine lacks"


class ResourceExhaustedError(Error):
    """Out of memory, disk, descriptors or threads."""

    advice = "close sandboxes that are no longer used"


class SystemFailureError(Error):
    """The operating system failed."""

    advice = "the message has the error of the operating system"


class InternalError(Error):
    """A bug in Cloche."""

    advice = "please report it"


class BusyError(Error):
    """Something else is under way there."""

    advice = "wait for it, interrupt it, or name another session"


class ClosedError(Error, RuntimeError):
    """The sandbox was closed before."""

    advice = "make another sandbox; one that was closed cannot be used again"


class ForkedError(Error, RuntimeError):
    """The sandbox belongs to the process that this one was forked from."""

    advice = "make sandboxes after the fork, or start processes with the method 'spawn'"


class ReentryError(Error, RuntimeError):
    """A tool or a callback used the sandbox that waits for it."""

    advice = "return first; only kill() and signal() may be called from there"


class CommandError(Error):
    """What ``Result.check()`` raises for a run that did not exit with 0."""

    advice = "error.result has the output, the outcome and the limit"

    def __init__(self, message: str, result: Result) -> None:
        super().__init__(message)
        self.result = result


class ToolDenied(CommandError):
    """What ``Result.check()`` raises for a run that failed as a tool call was denied."""

    advice = "a grant must allow the call; its conditions are in the reason"

    def __init__(self, message: str, result: Result, tool: str, reason: str) -> None:
        super().__init__(message, result)
        self.tool = tool
        self.reason = reason


class ToolError(Error):
    """To be raised by a tool: the guest sees its message. Of other exceptions it sees nothing."""


_KINDS: dict[str, type[Error]] = {
    "invalid_argument": ArgumentError,
    "not_found": NotFoundError,
    "permission_denied": PermissionDeniedError,
    "malformed": MalformedError,
    "unsupported": UnsupportedError,
    "resource_exhausted": ResourceExhaustedError,
    "io": SystemFailureError,
    "internal": InternalError,
    "busy": BusyError,
    "closed": ClosedError,
    "forked": ForkedError,
}


def error_of(kind: str, message: str, errno: int) -> Error:
    """The exception for a failure of that kind; the extension module calls it."""
    error = _KINDS.get(kind, Error)(message)
    if errno:
        error.errno = errno
    return error
