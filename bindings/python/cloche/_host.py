"""What sandboxes share: the engine, the packs of programs, the cache of compiled code."""

from __future__ import annotations

import atexit
import json
import os
import threading
from collections.abc import Callable
from typing import Any

from . import _cloche
from ._errors import ArgumentError, UnsupportedError
from ._values import checked_text, encode_path, type_error

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_data")
COMMAND = os.path.join(DATA, "cloche")

# Before the interpreter ends nobody may wait for it any more.
atexit.register(_cloche.shut_down)


def default_pack() -> str:
    """``$CLOCHE_PACK``, else the pack of this package, which lies beside the library."""
    return os.fsdecode(_cloche.default_pack())


def default_cache() -> str:
    """``$CLOCHE_CACHE_DIR``, else ``${XDG_CACHE_HOME:-~/.cache}/cloche/code``, as for the command;
    empty when there is no home."""
    return os.fsdecode(_cloche.default_cache_dir())


class Host:
    """What sandboxes share. One is made when the first sandbox needs it; make your own for another
    pack or cache, or to see compiling: ``progress`` is called with a program's name and a guess of
    how many per cent of it are compiled, from a thread of its own.

    >>> host = Host()
    >>> "bash" in [program["name"] for program in host.programs()]
    True
    """

    def __init__(
        self,
        *,
        pack: str | os.PathLike[str] | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        workers: int = 0,
        progress: Callable[[str, int], object] | None = None,
    ) -> None:
        if isinstance(workers, bool) or not isinstance(workers, int):
            raise type_error("workers", workers, "int")
        if not 0 <= workers <= 1024:
            raise ArgumentError(f"workers is {workers}; it must be 0 (one a CPU) to 1024")
        if progress is not None and not callable(progress):
            raise type_error("progress", progress, "callable")
        self._core = _cloche.Host(
            default_pack() if pack is None else os.fsdecode(encode_path("the pack", pack)),
            default_cache() if cache_dir is None else os.fsdecode(encode_path("cache_dir", cache_dir)),
            workers,
            progress,
        )

    def programs(self) -> list[dict[str, Any]]:
        """The programs of all packs: name, version, licence, commands."""
        text = self._core.manifest()
        found: list[dict[str, Any]] = json.loads(text)["programs"] if text else []
        return found

    def compile(self, path: str) -> bool:
        """Compiles a program (``"/usr/bin/bash"``) ahead. False: it was compiled before."""
        return self._core.compile(checked_text("the path of a program", path, 4096))

    @property
    def warnings(self) -> list[str]:
        """What is not as it should be but stops nothing."""
        return self._core.warnings()

    @property
    def engine_version(self) -> str:
        return self._core.engine_version()


_lock = threading.Lock()
_default: tuple[int, Host] | None = None


def default_host() -> Host:
    """The host of all sandboxes that name none: one a process, also after a fork."""
    global _default
    with _lock:
        if _default is None or _default[0] != os.getpid():
            _default = (os.getpid(), Host())
        return _default[1]


def core_of(host: object) -> _cloche.Host:
    if not isinstance(host, Host):
        raise type_error("host", host, "cloche.Host")
    return host._core


def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


def check_python_pack() -> None:
    """Says what to install when there is no Python inside."""
    folder = os.path.dirname(default_pack())
    if not any(name.startswith("cloche-") for name in os.listdir(folder)):
        raise UnsupportedError(
            "there is no Python inside this sandbox", "pip install 'cloche[python]'"
        )
