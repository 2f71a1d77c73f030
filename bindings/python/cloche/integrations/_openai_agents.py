"""Tools and client of `cloche.integrations.openai_agents`; needs openai-agents."""

from __future__ import annotations

import io
import shlex
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, cast

from agents import FunctionTool
from agents.sandbox import Manifest
from agents.sandbox.errors import (
    ExecTimeoutError,
    ExecTransportError,
    WorkspaceArchiveReadError,
    WorkspaceArchiveWriteError,
    WorkspaceReadNotFoundError,
    WorkspaceWriteTypeError,
)
from agents.sandbox.session import (
    BaseSandboxClient,
    BaseSandboxSession,
    SandboxSession,
    SandboxSessionState,
)
from agents.sandbox.session.runtime_helpers import (
    RESOLVE_WORKSPACE_PATH_HELPER,
    RuntimeHelperScript,
)
from agents.sandbox.session.sandbox_client import BaseSandboxClientOptions
from agents.sandbox.session.tar_workspace import shell_tar_exclude_args
from agents.sandbox.snapshot import SnapshotBase, SnapshotSpec, resolve_snapshot
from agents.sandbox.types import ExecResult, User
from agents.sandbox.util.tar_utils import UnsafeTarMemberError, validate_tar_bytes
from agents.tool_context import ToolContext

from .. import _guest_files, _texts, models
from .._async import AsyncSandbox
from .._values import Duration

WORKSPACE = "/home/user/workspace"
"""Where the workspace is unless a manifest names another folder below /home/user or /tmp."""

_SDK_ROOT = Manifest.model_fields["root"].default  # of manifests that name none
_ARCHIVE = "/tmp/.cloche-workspace.tar"


def sandbox_tools(
    sandbox: models.AnySandbox,
    *,
    only: Iterable[str] | None = None,
    timeout: Duration | None = None,
    max_output: int = _texts.MAX_OUTPUT,
) -> list[FunctionTool]:
    """What a model may do with this sandbox, as function tools: see `cloche.models.actions()`."""

    def tool(action: models.Action) -> FunctionTool:
        async def invoke(context: ToolContext[Any], arguments: str) -> str:
            return await models.acall_tool(
                sandbox, action.name, arguments, timeout=timeout, max_output=max_output
            )

        return FunctionTool(
            name=action.name,
            description=action.description,
            params_json_schema=action.parameters,
            on_invoke_tool=invoke,
        )

    return [tool(action) for action in models.actions(sandbox, only)]


class ClocheSandboxClientOptions(BaseSandboxClientOptions):
    """None: what sandboxes are made of is said to the client, never by a model or a state."""

    type: Literal["cloche"] = "cloche"


class ClocheSandboxSessionState(SandboxSessionState):
    """The state of a session. A sandbox ends with its process: only snapshots bring files back."""

    type: Literal["cloche"] = "cloche"


class ClocheSandboxSession(BaseSandboxSession):
    """A session in a sandbox of its own, as the user that all programs of a sandbox are."""

    state: ClocheSandboxSessionState

    def __init__(self, state: ClocheSandboxSessionState, sandbox: AsyncSandbox) -> None:
        self.state = state
        self.sandbox = sandbox
        self._running = True

    def supports_pty(self) -> bool:
        return False

    def _runtime_helpers(self) -> tuple[RuntimeHelperScript, ...]:
        return (RESOLVE_WORKSPACE_PATH_HELPER,)

    async def _validate_path_access(self, path: Path | str, *, for_write: bool = False) -> Path:
        inside: Path = await self._validate_remote_path_access(path, for_write=for_write)
        return inside

    async def _prepare_backend_workspace(self) -> None:
        await _guest_files.amkdir(self.sandbox, self.state.manifest.root)

    def _prepare_exec_command(
        self, *command: str | Path, shell: bool | list[str], user: str | User | None
    ) -> list[str]:
        name = user.name if isinstance(user, User) else user
        if name not in (None, "user"):
            raise ValueError(f"programs of a Cloche sandbox run as its user, not as {name!r}")
        prepared: list[str] = super()._prepare_exec_command(*command, shell=shell, user=None)
        return prepared

    async def _script(self, command: tuple[str | Path, ...]) -> str:
        variables = await self.state.manifest.environment.resolve()
        words = (
            ["env", "--", *(f"{name}={value}" for name, value in sorted(variables.items()))]
            if variables
            else []
        )
        # Before there is a workspace, commands run in the home folder.
        enter = f"cd {shlex.quote(self.state.manifest.root)} 2>/dev/null"
        return f"{enter}; exec {shlex.join([*words, *map(str, command)])}"

    async def _exec_internal(
        self, *command: str | Path, timeout: float | None = None
    ) -> ExecResult:
        if not self._running:
            raise ExecTransportError(
                command=command, message="the sandbox has ended", retryable=False
            )
        result = await self.sandbox.run(await self._script(command), timeout=timeout)
        if result.outcome == "timeout":
            raise ExecTimeoutError(command=command, timeout_s=timeout)
        stderr = result.stderr_bytes
        if result.outcome not in ("exited", "signaled"):
            stderr += b"\n" + _texts.ending(result).encode()
        return ExecResult(
            stdout=result.stdout_bytes, stderr=stderr, exit_code=_texts.exit_status(result)
        )

    async def read(self, path: Path | str, *, user: str | User | None = None) -> io.IOBase:
        inside = await self._validate_path_access(path)
        try:
            return io.BytesIO(await _guest_files.aread(self.sandbox, inside.as_posix()))
        except FileNotFoundError as error:
            raise WorkspaceReadNotFoundError(path=Path(path), cause=error) from error
        except OSError as error:
            raise WorkspaceArchiveReadError(path=Path(path), cause=error) from error

    async def write(
        self, path: Path | str, data: io.IOBase, *, user: str | User | None = None
    ) -> None:
        inside = await self._validate_path_access(path, for_write=True)
        try:
            await _guest_files.awrite(
                self.sandbox, inside.as_posix(), _bytes(data, Path(path)), parents=True
            )
        except OSError as error:
            raise WorkspaceArchiveWriteError(path=Path(path), cause=error) from error

    async def running(self) -> bool:
        return self._running

    async def persist_workspace(self) -> io.IOBase:
        root = self._workspace_root_path()
        leave_out = shell_tar_exclude_args(self._persist_workspace_skip_relpaths())
        script = f"tar -C {shlex.quote(root.as_posix())} {' '.join(leave_out)} -cf {_ARCHIVE} ."
        try:
            (await self.sandbox.run(script)).check()
            return io.BytesIO(await _guest_files.aread(self.sandbox, _ARCHIVE))
        except Exception as error:
            raise WorkspaceArchiveReadError(path=root, cause=error) from error
        finally:
            await self.sandbox.run(f"rm -f {_ARCHIVE}")

    async def hydrate_workspace(self, data: io.IOBase) -> None:
        root = self._workspace_root_path()
        archive = _bytes(data, root)
        try:
            validate_tar_bytes(archive, allow_external_symlink_targets=False)
            await _guest_files.amkdir(self.sandbox, root.as_posix())
            await _guest_files.awrite(self.sandbox, _ARCHIVE, archive)
            (
                await self.sandbox.run(f"tar -C {shlex.quote(root.as_posix())} -xf {_ARCHIVE}")
            ).check()
        except UnsafeTarMemberError as error:
            raise WorkspaceArchiveWriteError(path=root, message=str(error), cause=error) from error
        except Exception as error:
            raise WorkspaceArchiveWriteError(path=root, cause=error) from error
        finally:
            await self.sandbox.run(f"rm -f {_ARCHIVE}")

    async def shutdown(self) -> None:
        """Ends the sandbox, and with it its files."""
        self._running = False
        await self.sandbox.close()


def _bytes(data: io.IOBase, path: Path) -> bytes:
    content: object = cast(Any, data).read()
    if isinstance(content, str):
        return content.encode()
    if not isinstance(content, (bytes, bytearray)):
        raise WorkspaceWriteTypeError(path=path, actual_type=type(content).__name__)
    return bytes(content)


def _inside(manifest: Manifest | None) -> Manifest:
    """The manifest, its workspace where a sandbox can be written."""
    if manifest is None:
        return Manifest(root=WORKSPACE)
    if manifest.root == _SDK_ROOT:
        return manifest.model_copy(update={"root": WORKSPACE})
    return manifest


class ClocheSandboxClient(BaseSandboxClient[ClocheSandboxClientOptions]):
    """Makes a sandbox for each session of a `SandboxAgent`.

    Its arguments are those of `cloche.AsyncSandbox`: mounts, limits, tools, grants, a policy. They
    hold for every session, and nothing that an agent, a manifest or a saved state says adds to
    them. A state that is resumed gets a new sandbox; its snapshot, if it has one, brings the
    workspace back.
    """

    backend_id = "cloche"
    supports_default_options = True

    def __init__(self, **options: Any) -> None:
        self._sandbox_options = options

    def _session(self, state: ClocheSandboxSessionState) -> SandboxSession:
        return self._wrap_session(
            ClocheSandboxSession(state, AsyncSandbox(**self._sandbox_options))
        )

    async def create(
        self,
        *,
        snapshot: SnapshotSpec | SnapshotBase | None = None,
        manifest: Manifest | None = None,
        options: ClocheSandboxClientOptions | None = None,
    ) -> SandboxSession:
        inside = _inside(manifest)
        self._validate_manifest_for_create(inside)
        number = uuid.uuid4()
        return self._session(
            ClocheSandboxSessionState(
                session_id=number, manifest=inside, snapshot=resolve_snapshot(snapshot, str(number))
            )
        )

    async def delete(self, session: SandboxSession) -> SandboxSession:
        inner = session._inner
        if not isinstance(inner, ClocheSandboxSession):
            raise TypeError("a session of another client")
        await inner.shutdown()
        return session

    async def resume(self, state: SandboxSessionState) -> SandboxSession:
        if not isinstance(state, ClocheSandboxSessionState):
            raise TypeError("a state of another client")
        state.assert_path_grants_rebound()
        state.workspace_root_ready = False
        return self._session(state)

    def deserialize_session_state(self, payload: dict[str, object]) -> SandboxSessionState:
        return self._deserialize_session_state_payload(payload, ClocheSandboxSessionState)
