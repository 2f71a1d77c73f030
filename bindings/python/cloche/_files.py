"""The files of a sandbox."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import IO, Any, NamedTuple, Union

from . import _cloche
from ._errors import ArgumentError
from ._values import Path, Text, encode, encode_path, type_error

Archive = Union[str, "os.PathLike[str]", IO[bytes]]


class FileInfo(NamedTuple):
    """A file, a folder (``type`` is ``"directory"``), a ``"symlink"`` or ``"other"``."""

    name: str
    type: str
    size: int
    mode: int
    mtime: float


class ArchiveReport(NamedTuple):
    """What unpacking or packing came to; ``skipped`` has what was left out, with the reason."""

    files: int
    folders: int
    links: int
    bytes: int
    skipped: list[str]
    skipped_count: int


class Files:
    """The files of a sandbox, as its user sees them and may use them, within its limits; while
    programs run or not. Relative paths begin in its working folder, and no path leads out of it.
    Errors have ``errno``.

    >>> import cloche
    >>> with cloche.Sandbox() as sandbox:
    ...     sandbox.files.write("notes/a.txt", "x")
    ...     sandbox.run("echo y >> notes/a.txt").ok
    ...     sandbox.files.read("notes/a.txt")
    ...     [entry.name for entry in sandbox.files.list("notes")]
    True
    'xy\\n'
    ['a.txt']
    """

    def __init__(self, core: _cloche.Files, check: Callable[[], object]) -> None:
        self._core = core
        self._check = check

    def _path(self, path: Path, what: str = "the path") -> bytes:
        self._check()
        return encode_path(what, path)

    def read(self, path: Path) -> str:
        """A file as text, with U+FFFD for what is not UTF-8."""
        return self.read_bytes(path).decode("utf-8", "replace")

    def read_bytes(self, path: Path) -> bytes:
        """A file of up to 1 GiB."""
        return self._core.read(self._path(path))

    def write(
        self, path: Path, data: Text, *, append: bool = False, parents: bool = True,
        mode: int | None = None,
    ) -> None:
        """Writes a file, in place of what is there or behind it, with the folders above if they are
        missing. ``mode`` is 0o644 for a new file."""
        self._core.write(self._path(path), encode("the data", data), append, parents, _mode(mode))

    def list(self, path: Path = ".") -> list[FileInfo]:
        """What is in a folder, by name."""
        return [_info(values) for values in self._core.list(self._path(path))]

    def stat(self, path: Path, *, follow: bool = True) -> FileInfo:
        info = _info(self._core.stat(self._path(path), follow))
        return info._replace(name=os.fsdecode(path))

    def exists(self, path: Path) -> bool:
        """Whether it is there; also False for what may not be seen."""
        return self._core.exists(self._path(path))

    def mkdir(self, path: Path, *, parents: bool = True, mode: int = 0o755) -> None:
        """Makes a folder. With ``parents`` also those above, and it may be there already."""
        self._core.mkdir(self._path(path), parents, _mode(mode) or 0)

    def remove(self, path: Path, *, recursive: bool = False) -> None:
        """Removes a file, a link or an empty folder; with ``recursive`` a folder with all in it."""
        self._core.remove(self._path(path), recursive)

    def rename(self, old: Path, new: Path) -> None:
        self._core.rename(self._path(old), self._path(new))

    def symlink(self, target: Path, path: Path) -> None:
        self._core.symlink(self._path(target, "the target"), self._path(path))

    def readlink(self, path: Path) -> str:
        return os.fsdecode(self._core.readlink(self._path(path)))

    def chmod(self, path: Path, mode: int) -> None:
        self._core.chmod(self._path(path), _mode(mode) or 0)

    def unpack(self, path: Path, archive: Archive) -> ArchiveReport:
        """Unpacks a tar archive of the host (a path, or a file with a descriptor) into a folder.
        Nothing of it comes to lie elsewhere."""
        inner = self._path(path)
        with _opened(archive, "rb") as descriptor:
            return ArchiveReport(*self._core.unpack(inner, descriptor))

    def pack(self, path: Path, archive: Archive) -> ArchiveReport:
        """Writes what is in a folder into a tar archive of the host."""
        inner = self._path(path)
        with _opened(archive, "wb") as descriptor:
            return ArchiveReport(*self._core.pack(inner, descriptor))


class _opened:
    """A descriptor of the archive, as long as ``with`` lasts."""

    def __init__(self, archive: Archive, how: str) -> None:
        self._own: IO[Any] | None = None
        if isinstance(archive, (str, os.PathLike)):
            self._own = open(archive, how)
            self._descriptor = self._own.fileno()
        elif hasattr(archive, "fileno"):
            if how == "wb":
                archive.flush()
            self._descriptor = archive.fileno()
        else:
            raise type_error("the archive", archive, "a path or a file with a descriptor")

    def __enter__(self) -> int:
        return self._descriptor

    def __exit__(self, *error: object) -> None:
        if self._own is not None:
            self._own.close()


def _info(values: tuple[bytes, str, int, int, int]) -> FileInfo:
    name, kind, size, mode, mtime_ns = values
    return FileInfo(os.fsdecode(name), kind, size, mode, mtime_ns / 1e9)


def _mode(mode: int | None) -> int | None:
    if mode is None:
        return None
    if isinstance(mode, bool) or not isinstance(mode, int):
        raise type_error("mode", mode, "int")
    if not 0 <= mode <= 0o7777:
        raise ArgumentError(f"mode is {mode:#o}; it must be 0 to 0o7777")
    return mode
