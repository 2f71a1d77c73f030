"""A session of the host (docs/sessions.md): cells of code that come over a descriptor, one at a time.

A frame from the host: the size of a JSON text, then the text: {id, name, code, limit, input}. One to the host: the size
of a JSON text and that of bytes, then both: {id, kind, repr, displays, exit_code, error}, where the bytes are the
value that `kind` is about. Sizes are 32 bits, little-endian.
"""

import ast
import builtins
import fcntl
import json
import linecache
import os
import signal
import sys
import types
from binascii import b2a_base64

CHANNEL = 900  # out of the way of code that closes what it did not open
MAX_REPR = 1 << 20  # characters
MAX_TEXT = 1 << 18  # of an error's texts
INTERRUPTED = 130
FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
HERE = __file__


class ValueTooLarge(Exception):
    """What a cell gave does not fit into its result."""


def cut(text, size):
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= size else text[:size] + "…"


def in_base64(data):
    return b2a_base64(data, newline=False).decode()


# --- rich forms

FORMS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
    "application/pdf": "_repr_pdf_",
    "application/json": "_repr_json_",
}


def form_of(data):
    if isinstance(data, tuple):  # with metadata, which nobody asks for
        data = data[0]
    if isinstance(data, (bytes, bytearray, memoryview)):
        return in_base64(data)
    return data


def json_text(value):
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def is_json(kind):
    return kind.endswith(("/json", "+json"))


def clean(forms):
    """What can be sent of it: texts, among them those of JSON."""
    result = {}
    for kind, data in forms.items():
        data = form_of(data)
        if data is not None:
            text = json_text(data) if is_json(str(kind)) else str(data)
            result[str(kind)] = text.encode("utf-8", "backslashreplace").decode()
    return result


def rich_forms(value):
    """What a value says of itself, as IPython asks for it; nothing for a class or one that says yes to all."""
    if isinstance(value, type) or hasattr(value, "_repr_no_such_form_"):
        return {}
    bundle = getattr(value, "_repr_mimebundle_", None)
    if bundle is not None:
        forms = bundle(include=None, exclude=None)
        if isinstance(forms, tuple):
            forms = forms[0]
        if forms:
            return clean(forms)
    found = {}
    for kind, name in FORMS.items():
        method = getattr(value, name, None)
        if callable(method):
            found[kind] = method()
    return clean(found)


def short_repr(value):
    return cut(repr(value), MAX_REPR)


def figures():
    """The open figures of matplotlib, which are shown once."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    from io import BytesIO
    for number in pyplot.get_fignums():
        buffer = BytesIO()
        pyplot.figure(number).savefig(buffer, format="png", bbox_inches="tight")
        yield {"image/png": in_base64(buffer.getvalue())}
    pyplot.close("all")


# --- errors

def name_of(kind):
    return kind.__qualname__ if kind.__module__ in ("builtins", "__main__", __name__) else f"{kind.__module__}.{kind.__qualname__}"


def below_driver(trace):
    """The part of a traceback that begins with the cell, if it was there."""
    at = trace
    while at is not None:
        if at.tb_frame.f_code.co_filename.startswith("<cell "):
            return at
        at = at.tb_next
    while trace is not None and trace.tb_frame.f_code.co_filename == HERE:
        trace = trace.tb_next
    return trace


def describe(error):
    import traceback
    lines = traceback.TracebackException(type(error), error, below_driver(error.__traceback__)).format()
    try:
        message = str(error)
    except Exception as second:
        message = f"<its text cannot be had: {type(second).__name__}>"
    return {"type": cut(name_of(type(error)), 1000), "message": cut(message, MAX_TEXT), "traceback": cut("".join(lines), MAX_TEXT)}


class Session:
    def __init__(self, channel):
        try:
            self.channel = fcntl.fcntl(channel, fcntl.F_DUPFD_CLOEXEC, CHANNEL)
        except OSError:  # few descriptors are allowed
            self.channel = fcntl.fcntl(channel, fcntl.F_DUPFD_CLOEXEC, 0)
        os.close(channel)
        self.pid = os.getpid()
        self.outputs = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, self.channel) for fd in (1, 2)]
        self.names = sys.modules["__main__"] = types.ModuleType("__main__")
        self.names.__builtins__ = builtins
        self.names.__dict__.pop("__doc__", None)
        self.loop = None
        self.displays = None  # of the cell that runs
        self.is_interruptible = False
        self.was_interrupted = False  # since it began to read the cell, and nothing was stopped by that
        self.had_input = False
        builtins.display = self.display
        os.environ.setdefault("MPLBACKEND", "agg")
        os.register_at_fork(after_in_child=self.leave_in_child)
        signal.signal(signal.SIGINT, self.on_interrupt)

    def leave_in_child(self):
        """A child of the code's is no session."""
        for fd in (self.channel, *self.outputs):
            try:
                os.close(fd)
            except OSError:
                pass
        self.outputs = [1, 2]
        self.is_interruptible = True

    def on_interrupt(self, number, frame):
        if self.is_interruptible:
            raise KeyboardInterrupt
        self.was_interrupted = True

    # --- frames

    def read(self, size):
        parts = []
        while size > 0:
            part = os.read(self.channel, min(size, 1 << 20))
            if not part:
                os._exit(0)  # the session is over
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def receive(self):
        size = int.from_bytes(self.read(4), "little")
        self.was_interrupted = False  # that was the cell before
        return json.loads(self.read(size))

    def send(self, header, body):
        text = json.dumps(header).encode()
        data = memoryview(len(text).to_bytes(4, "little") + len(body).to_bytes(4, "little") + text + body)
        while data:
            data = data[os.write(self.channel, data):]

    # --- one cell

    def display(self, *values, raw=False):
        """Shows values with the cell's result: in the rich forms that they have, as IPython's does."""
        for value in values:
            forms = clean(value) if raw else {"text/plain": short_repr(value), **rich_forms(value)}
            if self.displays is not None:
                self.displays.append(forms)

    def wait_for(self, coroutine):
        import asyncio
        if self.loop is None or self.loop.is_closed():
            self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        task = self.loop.create_task(coroutine)
        try:
            return self.loop.run_until_complete(task)
        except KeyboardInterrupt:
            task.cancel()
            try:
                self.loop.run_until_complete(task)
            except BaseException:
                pass
            raise

    def execute(self, tree, name, mode):
        code = compile(tree, name, mode, flags=FLAGS, dont_inherit=True)
        value = eval(code, self.names.__dict__)
        return self.wait_for(value) if code.co_flags & 0x80 else value

    def evaluate(self, name, text):
        """Runs a cell; gives the value of its last expression."""
        tree = compile(text, name, "exec", flags=FLAGS | ast.PyCF_ONLY_AST, dont_inherit=True)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)
        if tree.body:
            self.execute(tree, name, "exec")
        return self.execute(last, name, "eval") if last else None

    @staticmethod
    def encode(value):
        """(kind, bytes) of a value."""
        if value is None:
            return "none", b""
        if isinstance(value, (bytes, bytearray, memoryview)):
            return "bytes", bytes(value)
        try:
            return "json", json_text(value).encode()
        except (TypeError, ValueError, RecursionError):
            return "text", repr(value).encode("utf-8", "backslashreplace")

    def succeed(self, reply, value, limit):
        kind, body = self.encode(value)
        if len(body) > limit:
            raise ValueTooLarge(f"the value has {len(body)} bytes, more than the limit value_bytes ({limit})")
        if value is not None:
            builtins._ = value
            reply["repr"] = cut(repr(value), min(MAX_REPR, limit))
            forms = rich_forms(value)
            if forms:
                self.displays.append(forms)
        self.displays.extend(figures())
        reply["kind"] = kind
        return body

    def exit_code(self, code):
        if code is None or isinstance(code, int):
            return (code or 0) & 0xFF
        print(code, file=self.error_output())
        return 1

    def error_output(self):
        try:
            sys.stderr.flush()
        except Exception:
            pass
        return open(self.outputs[1], "w", errors="backslashreplace", closefd=False)

    def fail(self, reply, error):
        if isinstance(error, SystemExit):
            reply["exit_code"] = self.exit_code(error.code)
            return
        reply["exit_code"] = INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
        reply["error"] = describe(error)
        sys.last_exc = error
        with self.error_output() as output:
            output.write(reply["error"]["traceback"])

    def run(self, name, text, limit, reply):
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        self.is_interruptible = True
        try:
            if self.was_interrupted:
                raise KeyboardInterrupt
            return self.succeed(reply, self.evaluate(name, text), limit)
        finally:
            if os.getpid() == self.pid:
                self.is_interruptible = False

    def run_safely(self, name, text, limit, reply):
        try:
            return self.run(name, text, limit, reply)
        except BaseException as error:
            self.is_interruptible = False
            try:
                self.fail(reply, error)
            except BaseException as second:
                reply["error"] = {"type": cut(type(error).__name__, 1000), "message": "an error that cannot be shown", "traceback": f"it cannot be shown: {type(second).__name__}\n"}
        return b""

    def restore_outputs(self):
        """What the code wrote is out, and what it closed is there again."""
        for fd, name, saved in ((1, "stdout", self.outputs[0]), (2, "stderr", self.outputs[1])):
            stream = getattr(sys, name, None)
            try:
                stream.flush()
            except Exception:
                pass
            try:
                os.fstat(fd)
            except OSError:
                os.dup2(saved, fd)
            if stream is None or getattr(stream, "closed", False):
                setattr(sys, name, open(fd, "w", buffering=1, errors="backslashreplace" if fd == 2 else "strict", closefd=False))
        if sys.stdin is None or getattr(sys.stdin, "closed", False):
            sys.stdin = open(0, closefd=False)

    def serve(self):
        request = self.receive()
        if request["input"] or self.had_input:
            sys.stdin = open(0, closefd=False)  # nothing is left of what an earlier cell was given
        self.had_input = request["input"]
        self.displays = []
        reply = {"id": request["id"], "kind": "none", "repr": "", "exit_code": 0}
        body = self.run_safely(request["name"], request["code"], request["limit"], reply)
        if os.getpid() != self.pid:
            self.restore_outputs()
            os._exit(reply["exit_code"])
        self.restore_outputs()
        reply["displays"], self.displays = self.displays, None
        if len(json.dumps(reply["displays"])) > request["limit"]:
            reply["displays"] = []
        self.send(reply, body)


def main():
    session = Session(int(sys.argv[1]))
    sys.argv = [""]
    if "" not in sys.path:
        sys.path.insert(0, "")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    while True:
        session.serve()
