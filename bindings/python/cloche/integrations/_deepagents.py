"""The backends of `cloche.integrations.deepagents`; needs deepagents."""

from __future__ import annotations

import errno
import uuid
from collections.abc import Mapping
from typing import Any

from deepagents.backends import CompositeBackend
from deepagents.backends.protocol import (
    FILE_NOT_FOUND,
    INVALID_PATH,
    IS_DIRECTORY,
    PERMISSION_DENIED,
    BackendProtocol,
    ExecuteResponse,
    FileDownloadResponse,
    FileUploadResponse,
)
from deepagents.backends.sandbox import BaseSandbox

from .. import _guest_files, _texts
from .._sandbox import Sandbox
from .._values import Duration

ARTIFACTS = "/home/user/.deepagents"
"""Where deepagents keeps long results and old messages, as `/` of a sandbox cannot be written."""

_WORDS: dict[int, str] = {
    errno.ENOENT: FILE_NOT_FOUND,
    errno.EACCES: PERMISSION_DENIED,
    errno.EPERM: PERMISSION_DENIED,
    errno.EROFS: PERMISSION_DENIED,
    errno.EISDIR: IS_DIRECTORY,
    errno.ENOTDIR: INVALID_PATH,
    errno.EINVAL: INVALID_PATH,
    errno.ENAMETOOLONG: INVALID_PATH,
}


def _word(error: Exception) -> str:
    """What deepagents calls an error of a file."""
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number in _WORDS:
        return _WORDS[number]
    invalid: str = INVALID_PATH
    return invalid if isinstance(error, ValueError) else str(error)


class ClocheSandboxBackend(BaseSandbox):
    """A sandbox alone, to be put together with other backends; see `ClocheBackend`.

    Commands are run by bash, both outputs as one. `timeout` holds for commands that name none, and
    never for longer than the sandbox's own limit.
    """

    enable_capture_offload = True

    def __init__(self, sandbox: Sandbox, *, timeout: Duration | None = None) -> None:
        if not isinstance(sandbox, Sandbox):
            raise TypeError(
                f"a cloche.Sandbox, not {type(sandbox).__name__}: deepagents brings its own threads"
            )
        self.sandbox = sandbox
        self._timeout = timeout
        self._id = f"cloche-{uuid.uuid4()}"

    @property
    def id(self) -> str:
        return self._id

    def execute(self, command: str, *, timeout: int | None = None) -> ExecuteResponse:
        limit = self._timeout if timeout is None else timeout or None
        result = self.sandbox.run("exec 2>&1; " + command, timeout=limit)
        output = result.stdout + result.stderr  # stderr: of a command that cannot even be read
        if result.outcome != "exited":
            output = "\n".join(filter(None, [output.rstrip("\n"), _texts.ending(result)]))
        return ExecuteResponse(
            output=output, exit_code=_texts.exit_status(result), truncated=_texts.truncated(result)
        )

    def upload_files(self, files: list[tuple[str, bytes]]) -> list[FileUploadResponse]:
        return [
            FileUploadResponse(path=path, error=self._upload(path, content))
            for path, content in files
        ]

    def _upload(self, path: str, content: bytes) -> str | None:
        try:
            _guest_files.write(self.sandbox, path, content, parents=True)
        except (OSError, ValueError) as error:
            return _word(error)
        return None

    def download_files(self, paths: list[str]) -> list[FileDownloadResponse]:
        return [self._download(path) for path in paths]

    def _download(self, path: str) -> FileDownloadResponse:
        try:
            return FileDownloadResponse(path=path, content=_guest_files.read(self.sandbox, path))
        except (OSError, ValueError) as error:
            return FileDownloadResponse(path=path, error=_word(error))


class ClocheBackend(CompositeBackend):
    """The backend of a deep agent: its files, its searches and its `execute` are in a sandbox.

    Takes a `Sandbox`, which stays its owner's, or the arguments of one, which `close()` ends. Files
    live as long as the sandbox. `routes` are other backends for some folders, as of a
    `CompositeBackend`: `{"/memories/": StoreBackend()}`. `timeout` is that of
    `ClocheSandboxBackend`.
    """

    def __init__(
        self,
        sandbox: Sandbox | None = None,
        *,
        timeout: Duration | None = None,
        routes: Mapping[str, BackendProtocol] | None = None,
        **options: Any,
    ) -> None:
        if sandbox is not None and options:
            raise TypeError("either a sandbox or the arguments of one")
        self._owned = sandbox is None
        self.sandbox = Sandbox(**options) if sandbox is None else sandbox
        super().__init__(
            ClocheSandboxBackend(self.sandbox, timeout=timeout),
            dict(routes or {}),
            artifacts_root=ARTIFACTS,
        )

    def close(self) -> None:
        """Ends the sandbox if this made it."""
        if self._owned:
            self.sandbox.close()

    def __enter__(self) -> ClocheBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
