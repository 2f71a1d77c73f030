"""A program that goes on by itself."""

from __future__ import annotations

import io
from types import TracebackType
from . import _cloche
from ._results import Result
from ._values import Duration, Text, encode, nanoseconds


class Process:
    """A program that ``Sandbox.spawn()`` started: it goes on beside all else.

    ``stdin``, ``stdout`` and ``stderr`` are binary files, or None for those that are no pipes. A
    program whose output nobody reads waits. With a terminal (``pty=True``) ``stdin`` is its keyboard
    and ``stdout`` its screen. It ends with this object, at the end of ``with``, or with its sandbox.
    """

    def __init__(self, core: _cloche.Process) -> None:
        self._core = core
        self._result: Result | None = None
        files = [core.take_descriptor(stream) for stream in range(3)]
        self.stdin: io.FileIO | None = None if files[0] < 0 else io.FileIO(files[0], "w")
        self.stdout = _reader(files[1])
        self.stderr = _reader(files[2])

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<cloche.Process {self.pid}>"

    @property
    def pid(self) -> int:
        """Its number in the sandbox."""
        return self._core.pid

    def write(self, data: Text) -> None:
        """All of a text or of bytes, to its standard input or terminal."""
        if self.stdin is None:
            raise ValueError("its standard input is no pipe: spawn it with input=PIPE or pty=True")
        left = memoryview(encode("what is written", data))
        while left:
            left = left[self.stdin.write(left) or 0 :]

    def close_stdin(self) -> None:
        """Its standard input is at its end."""
        if self.stdin is not None:
            self.stdin.close()

    def poll(self) -> Result | None:
        """How it ended; None: it has not."""
        return self._look(0)

    def wait(self, timeout: Duration | None = None) -> Result:
        """Waits for its end. ``TimeoutError`` when it takes longer; it goes on then. A program that
        writes more than its pipes hold must be read meanwhile."""
        result = self._look(None if timeout is None else nanoseconds("timeout", timeout))
        if result is None:
            raise TimeoutError(f"{self!r} still runs")
        return result

    def _look(self, timeout_ns: int | None) -> Result | None:
        if self._result is None:
            values = self._core.wait(timeout_ns)
            if values is not None:
                self._result = Result(values)
        return self._result

    def signal(self, signal: int | str) -> None:
        """To it alone: ``"SIGTERM"``, or a number."""
        from ._sandbox import signal_number

        self._core.signal(signal_number(signal))

    def kill(self) -> None:
        """Ends it with all its processes, whatever they do."""
        self._core.kill()

    def resize(self, rows: int, columns: int) -> None:
        """The window of its terminal has another size."""
        self._core.resize(*window_size(rows, columns))

    def detach(self) -> None:
        """From now on it ends with its sandbox and not with this object."""
        self._core.detach()

    def close(self) -> None:
        """Ends it if it still runs, and closes its files."""
        self._core.kill()
        for file in (self.stdin, self.stdout, self.stderr):
            if file is not None:
                file.close()


def _reader(descriptor: int) -> io.BufferedReader | None:
    return None if descriptor < 0 else io.BufferedReader(io.FileIO(descriptor, "r"))


def window_size(rows: int, columns: int) -> tuple[int, int]:
    from ._sandbox import integer

    for what, value in (("rows", rows), ("columns", columns)):
        if not 1 <= integer(what, value) <= 0xFFFF:
            raise ValueError(f"{what} is {value}; it must be 1 to 65535")
    return rows, columns
