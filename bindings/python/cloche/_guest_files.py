"""Files of a sandbox by its own programs, for the fronts: whole files, as the sandbox's user.

Each function comes in two: what to run, and what its result means; so it serves both kinds of
sandbox.
"""

from __future__ import annotations

import errno
import os
from typing import NamedTuple

from ._async import AsyncSandbox
from ._results import Result
from ._sandbox import Sandbox
from ._texts import ending

_NUMBERS = {
    os.strerror(number): number
    for number in (
        errno.ENOENT,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.EISDIR,
        errno.ENOTDIR,
        errno.EEXIST,
        errno.ENAMETOOLONG,
        errno.ENOSPC,
        errno.EFBIG,
        errno.ELOOP,
        errno.EINVAL,
    )
}
_WRITE = 'set -e; if [[ $2 ]]; then mkdir -p -- "${1%/*}/"; fi; cat > "$1"'


class _Job(NamedTuple):
    path: str
    command: list[str]
    input: bytes | None = None


def _read(path: str) -> _Job:
    return _Job(path, ["/usr/bin/cat", "--", path])


def _write(path: str, data: bytes, parents: bool) -> _Job:
    return _Job(
        path, ["/usr/bin/bash", "-c", _WRITE, "write", path, "parents" if parents else ""], data
    )


def _mkdir(path: str) -> _Job:
    return _Job(path, ["/usr/bin/mkdir", "-p", "--", path])


def _output(job: _Job, result: Result) -> bytes:
    """What was read; `OSError`, `FileNotFoundError` and so on if the program could not."""
    if result.ok:
        return result.stdout_bytes
    lines = result.stderr.strip().splitlines()
    reason = lines[-1].rpartition(": ")[2] if lines else ending(result)
    number = _NUMBERS.get(reason, errno.EIO)
    raise OSError(number, reason, job.path)


def _checked(path: str) -> str:
    """An absolute path."""
    if not path.startswith("/") or "\0" in path:
        raise ValueError(f"no absolute path: {path!r}")
    return path


def _do(sandbox: Sandbox, job: _Job) -> bytes:
    return _output(job, sandbox.run(job.command, input=job.input))


async def _ado(sandbox: AsyncSandbox, job: _Job) -> bytes:
    return _output(job, await sandbox.run(job.command, input=job.input))


def read(sandbox: Sandbox, path: str) -> bytes:
    """The bytes of the file at an absolute path."""
    return _do(sandbox, _read(_checked(path)))


def write(sandbox: Sandbox, path: str, data: bytes, *, parents: bool = False) -> None:
    """Puts the bytes in place of what is there; `parents`: makes the folders that are missing."""
    _do(sandbox, _write(_checked(path), data, parents))


async def aread(sandbox: AsyncSandbox, path: str) -> bytes:
    """`read()` of an `AsyncSandbox`."""
    return await _ado(sandbox, _read(_checked(path)))


async def awrite(sandbox: AsyncSandbox, path: str, data: bytes, *, parents: bool = False) -> None:
    """`write()` of an `AsyncSandbox`."""
    await _ado(sandbox, _write(_checked(path), data, parents))


async def amkdir(sandbox: AsyncSandbox, path: str) -> None:
    """Makes a folder and those above it; nothing if it is there."""
    await _ado(sandbox, _mkdir(_checked(path)))
