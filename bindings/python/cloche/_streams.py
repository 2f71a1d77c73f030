"""Output as it comes: a pipe, and a thread that reads it."""

from __future__ import annotations

import codecs
import contextvars
import os
import threading
from collections.abc import Callable

PIECE = 1 << 16


class Pump:
    """Gives what is written to ``descriptor`` to a callback, as text, and keeps it.

    What the callback raises is kept, too; ``failed`` is called then, and the callback no more.
    """

    def __init__(self, callback: Callable[[str], object], failed: Callable[[], object]) -> None:
        self._callback = callback
        self._failed = failed
        self._pieces: list[bytes] = []
        self.error: BaseException | None = None
        self._read_end, self.descriptor = os.pipe()
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=(self._read,), daemon=True)
        try:
            self._thread.start()
        except BaseException:
            os.close(self._read_end)
            os.close(self.descriptor)
            raise

    def finish(self) -> bytes:
        """When nobody writes any more: all that was written."""
        os.close(self.descriptor)
        self._thread.join()
        os.close(self._read_end)
        return b"".join(self._pieces)

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while piece := os.read(self._read_end, PIECE):
            self._pieces.append(piece)
            self._show(decoder.decode(piece))
        self._show(decoder.decode(b"", True))

    def _show(self, text: str) -> None:
        if not text or self.error is not None:
            return
        try:
            self._callback(text)
        except BaseException as error:
            self.error = error
            self._failed()
