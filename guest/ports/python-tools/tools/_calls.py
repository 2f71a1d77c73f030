"""Conversations with /dev/tool (docs/tools.md, "The device")."""

import errno
import json
import os

from . import _encode

_DEVICE = "/dev/tool"
_MAX_NAME = 255      # bytes of a name on the device
_FIRST = 4096        # bytes that are read at once; a longer answer is read into a buffer of its size
_MAX_IDLE = 8        # conversations kept for the next call


class ToolDenied(Exception):
    """A call that may not be made, or not any more. `tool` is its name, `reason` says why."""

    def __init__(self, tool, reason):
        super().__init__(tool, reason)
        self.tool = tool
        self.reason = reason

    def __str__(self):
        return f"{self.tool}: {self.reason}"


class ToolError(Exception):
    """A call that was made and did not work. `tool` is its name, `reason` what may be known of it."""

    def __init__(self, tool, reason):
        super().__init__(tool, reason)
        self.tool = tool
        self.reason = reason

    def __str__(self):
        return f"{self.tool}: {self.reason}"


for _error in (ToolDenied, ToolError):
    _error.__module__ = "tools"


_read = json.JSONDecoder().raw_decode  # an answer is one value, without spaces around it

# Open files of the device: those with nothing under way, and all. A child made by fork leaves them to its
# parent and opens its own, which hold what the child may call.
_idle = []
_all = set()


def _leave():
    for descriptor in _all:
        try:
            os.close(descriptor)
        except OSError:
            pass
    _all.clear()
    _idle.clear()


os.register_at_fork(after_in_child=_leave)


def _open(tool):
    try:
        descriptor = os.open(_DEVICE, os.O_RDWR | os.O_CLOEXEC)
    except PermissionError:
        raise ToolDenied(tool, "this process may not call any tool") from None
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO):
            raise ToolDenied(tool, "this sandbox has no tools") from None
        raise ToolError(tool, os.strerror(error.errno)) from error
    _all.add(descriptor)
    return descriptor


_REASONS = {
    errno.ENOBUFS: "the calls under way hold too many bytes",
    errno.EFBIG: "the parameters are too long",
}


# A call: take(), send(), receive(), and give_back(); what ends it early has to drop() it, which gives it up.


def take(tool):
    """An open file of the device with nothing under way."""
    try:
        return _idle.pop()
    except IndexError:
        return _open(tool)


def give_back(descriptor):
    if descriptor in _all and len(_idle) < _MAX_IDLE:
        _idle.append(descriptor)
    else:
        drop(descriptor)


def drop(descriptor):
    if descriptor in _all:  # else this is a child, made during the call
        _all.discard(descriptor)
        os.close(descriptor)


def send(descriptor, tool, request):
    try:
        written = os.write(descriptor, request)
        while written < len(request):
            written += os.write(descriptor, memoryview(request)[written:])
    except OSError as error:
        raise ToolError(tool, _REASONS.get(error.errno) or os.strerror(error.errno)) from error


def receive(descriptor):
    """Status and text of the answer. Waits for it."""
    start = os.read(descriptor, _FIRST)
    line, _, text = start.partition(b"\n")
    if len(start) == _FIRST:
        text = _rest(descriptor, text, int(line.partition(b" ")[2]))
    return line, text.decode()


def _rest(descriptor, text, size):
    whole = bytearray(size)
    whole[:len(text)] = text
    view, at = memoryview(whole), len(text)
    while at < size:
        at += os.readv(descriptor, [view[at:]])
    return whole


def finish(tool, answer):
    """The value that the answer is, or the error."""
    line, text = answer
    if line.startswith(b"ok"):
        return _read(text)[0]
    raise (ToolDenied if line.startswith(b"denied") else ToolError)(tool, text)


def request(name, parameters, named):
    """The bytes of a call with one dict of parameters, or with keywords."""
    check_name(name)
    if parameters is None:
        parameters = named
    elif named:
        raise TypeError(f"{name}: parameters are one dict or keywords, not both")
    body = _encode.parameters(name, parameters)
    return b"call %b %d\n%b" % (name.encode(), len(body), body)


def ask(tool, bytes_of_request):
    descriptor = take(tool)
    try:
        send(descriptor, tool, bytes_of_request)
        answer = receive(descriptor)
    except BaseException:
        drop(descriptor)
        raise
    give_back(descriptor)
    return finish(tool, answer)


def call(name, parameters, named):
    return ask(name, request(name, parameters, named))


def listing():
    try:
        return ask("list", b"list\n")
    except ToolDenied:
        return []


def check_name(name):
    """Refuses what would be another request, or none."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a tool must be a str, not {type(name).__name__}")
    if not name or " " in name or "\n" in name or len(name.encode(errors="replace")) > _MAX_NAME or not name.isascii():
        raise ToolDenied(name, "this is no name of a tool")


def entry(name):
    check_name(name)
    for one in listing():
        if one["tool"] == name:
            return one
    raise ToolDenied(name, "no tool of that name may be called")
