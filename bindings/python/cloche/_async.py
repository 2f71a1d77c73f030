"""The asyncio twin of a sandbox."""

from __future__ import annotations

import asyncio
import builtins
import contextvars
import inspect
import io
import os
import queue
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, TypeVar, Union

from ._files import Archive, ArchiveReport, FileInfo, Files
from ._host import Host
from ._options import Env, Limits, Mount, PolicyLike
from ._process import Process
from ._results import CodeResult, Result
from ._sandbox import PIPE, Command, Grants, Input, Sandbox, Session, Tools
from ._streams import PIECE
from ._tools import Tool
from ._values import Duration, Path, Text

_T = TypeVar("_T")
_Job = Callable[[], None]
OnOutput = Union[Callable[[str], object], Callable[[str], Awaitable[object]], None]

_IDLE_SECONDS = 10.0


class _Threads:
    """Runs blocking calls, each on a thread of its own, which is kept for a while. They are daemons:
    a program that ends does not wait for what runs in a sandbox."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)

    def submit(self, job: _Job) -> None:
        self._jobs.put(job)
        if not self._idle.acquire(blocking=False):
            threading.Thread(target=self._work, name="cloche", daemon=True).start()

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                # Whoever counted on this thread has put a job there.
                if self._idle.acquire(blocking=False):
                    return
                continue
            job()
            del job
            self._idle.release()


_threads = _Threads()


def _settle(future: asyncio.Future[_T], value: Any, error: BaseException | None) -> None:
    if future.cancelled():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(value)


async def _call(function: Callable[[], _T], stop: Callable[[], object] | None = None) -> _T:
    """Runs a blocking call beside the loop. When the task is cancelled, ``stop`` ends it, and only
    when it has ended does the cancellation go on."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()
    context = contextvars.copy_context()

    def work() -> None:
        value: Any = None
        error: BaseException | None = None
        try:
            value = context.run(function)
        except BaseException as raised:
            error = raised
        try:
            loop.call_soon_threadsafe(_settle, future, value, error)
        except RuntimeError:
            pass  # the loop is closed: nobody waits

    _threads.submit(work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while stop is not None and not future.done():
            stop()
            await asyncio.wait([future], timeout=0.01)
        if future.done() and not future.cancelled():
            future.exception()  # so that nobody complains that it was not looked at
        raise


class AsyncFiles:
    """``Files`` for asyncio: the same functions, awaited."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def read(self, path: Path) -> str:
        return await _call(lambda: self._files.read(path))

    async def read_bytes(self, path: Path) -> bytes:
        return await _call(lambda: self._files.read_bytes(path))

    async def write(self, path: Path, data: Text, **options: Any) -> None:
        await _call(lambda: self._files.write(path, data, **options))

    async def list(self, path: Path = ".") -> builtins.list[FileInfo]:
        return await _call(lambda: self._files.list(path))

    async def stat(self, path: Path, *, follow: bool = True) -> FileInfo:
        return await _call(lambda: self._files.stat(path, follow=follow))

    async def exists(self, path: Path) -> bool:
        return await _call(lambda: self._files.exists(path))

    async def mkdir(self, path: Path, **options: Any) -> None:
        await _call(lambda: self._files.mkdir(path, **options))

    async def remove(self, path: Path, *, recursive: bool = False) -> None:
        await _call(lambda: self._files.remove(path, recursive=recursive))

    async def rename(self, old: Path, new: Path) -> None:
        await _call(lambda: self._files.rename(old, new))

    async def symlink(self, target: Path, path: Path) -> None:
        await _call(lambda: self._files.symlink(target, path))

    async def readlink(self, path: Path) -> str:
        return await _call(lambda: self._files.readlink(path))

    async def chmod(self, path: Path, mode: int) -> None:
        await _call(lambda: self._files.chmod(path, mode))

    async def unpack(self, path: Path, archive: Archive) -> ArchiveReport:
        return await _call(lambda: self._files.unpack(path, archive))

    async def pack(self, path: Path, archive: Archive) -> ArchiveReport:
        return await _call(lambda: self._files.pack(path, archive))


class AsyncProcess:
    """``Process`` for asyncio. ``output()`` and ``errors()`` give what it writes, as it comes."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def __aenter__(self) -> AsyncProcess:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return repr(self._process).replace("Process", "AsyncProcess", 1)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def write(self, data: Text) -> None:
        await _call(lambda: self._process.write(data))

    def close_stdin(self) -> None:
        self._process.close_stdin()

    async def output(self) -> AsyncIterator[bytes]:
        async for piece in _pieces(self._process.stdout):
            yield piece

    async def errors(self) -> AsyncIterator[bytes]:
        async for piece in _pieces(self._process.stderr):
            yield piece

    def poll(self) -> Result | None:
        return self._process.poll()

    async def wait(self, timeout: Duration | None = None) -> Result:
        return await _call(lambda: self._process.wait(timeout))

    def signal(self, signal: int | str) -> None:
        self._process.signal(signal)

    def kill(self) -> None:
        self._process.kill()

    def resize(self, rows: int, columns: int) -> None:
        self._process.resize(rows, columns)

    def detach(self) -> None:
        self._process.detach()

    async def close(self) -> None:
        self._process.kill()  # ends reads and writes that are under way
        await _call(lambda: self._process.wait())
        self._process.close()


async def _pieces(file: io.BufferedReader | None) -> AsyncIterator[bytes]:
    if file is None:
        raise ValueError("that stream is no pipe")
    while piece := await _call(lambda: file.read1(PIECE)):
        yield piece


class AsyncSandbox:
    """A ``Sandbox`` for asyncio: the same arguments, and its calls are awaited.

    Tools may be coroutines; they run in the loop that the sandbox was made in. A task that is
    cancelled in ``run()`` ends the command first.

    >>> import asyncio
    >>> async def main() -> str:
    ...     async with AsyncSandbox() as sandbox:
    ...         result = await sandbox.run("echo hello")
    ...         return result.stdout
    >>> asyncio.run(main())
    'hello\\n'
    """

    def __init__(
        self,
        *,
        tools: Tools = (),
        grants: Grants = (),
        mounts: Sequence[Mount | tuple[Any, ...]] = (),
        limits: Limits | None = None,
        policy: PolicyLike = None,
        env: Env = None,
        workdir: str | None = None,
        user: str = "user",
        name: str = "cloche",
        audit: str | os.PathLike[str] | None = None,
        sandboxes: int | None = None,
        clock_resolution: Duration | None = None,
        random_seed: str | None = None,
        host: Host | None = None,
    ) -> None:
        self._loop: asyncio.AbstractEventLoop | None
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None  # that of the first call
        self._sandbox = Sandbox(
            tools=tools,
            grants=grants,
            mounts=mounts,
            limits=limits,
            policy=policy,
            env=env,
            workdir=workdir,
            user=user,
            name=name,
            audit=audit,
            sandboxes=sandboxes,
            clock_resolution=clock_resolution,
            random_seed=random_seed,
            host=host,
            _loop=self._the_loop,
        )
        self.files = AsyncFiles(self._sandbox.files)

    def _the_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            raise RuntimeError("the sandbox has no event loop yet")
        return self._loop

    async def _run(self, function: Callable[[], _T]) -> _T:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return await _call(function, self._stop)

    def _stop(self) -> None:
        if not self._sandbox.closed:
            self._sandbox.kill()

    async def __aenter__(self) -> AsyncSandbox:
        self._sandbox.__enter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return repr(self._sandbox).replace("Sandbox", "AsyncSandbox", 1)

    @property
    def tools(self) -> list[Tool]:
        return self._sandbox.tools

    @property
    def host(self) -> Host:
        return self._sandbox.host

    @property
    def name(self) -> str:
        return self._sandbox.name

    @property
    def closed(self) -> bool:
        return self._sandbox.closed

    async def close(self) -> None:
        await _call(self._sandbox.close)

    def _shown(self, callback: OnOutput) -> Callable[[str], object] | None:
        """The callback, for a thread: it is called in the loop, and awaited there."""
        if callback is None:
            return None
        loop = asyncio.get_running_loop()

        async def show(text: str) -> None:
            given = callback(text)
            if inspect.isawaitable(given):
                await given

        def from_thread(text: str) -> None:
            asyncio.run_coroutine_threadsafe(show(text), loop).result()

        return from_thread

    async def run(
        self,
        command: Command,
        *,
        input: Input = None,
        timeout: Duration | None = None,
        on_stdout: OnOutput = None,
        on_stderr: OnOutput = None,
    ) -> Result:
        """As ``Sandbox.run()``; the callbacks run in the loop and may be coroutines."""
        shown = (self._shown(on_stdout), self._shown(on_stderr))
        return await self._run(
            lambda: self._sandbox.run(
                command, input=input, timeout=timeout, on_stdout=shown[0], on_stderr=shown[1]
            )
        )

    async def spawn(
        self,
        command: Command,
        *,
        input: Input | int = PIPE,
        stdout: int | None = PIPE,
        stderr: int | None = PIPE,
        pty: bool = False,
        size: tuple[int, int] = (24, 80),
        timeout: Duration | None = None,
    ) -> AsyncProcess:
        """As ``Sandbox.spawn()``."""
        process = await self._run(
            lambda: self._sandbox.spawn(
                command,
                input=input,
                stdout=stdout,
                stderr=stderr,
                pty=pty,
                size=size,
                timeout=timeout,
            )
        )
        return AsyncProcess(process)

    async def run_code(
        self,
        code: str,
        *,
        language: str = "python",
        session: str = "main",
        input: str | bytes | None = None,
        timeout: Duration | None = None,
        grace: Duration = 2,
        value_size: int = 16 << 20,
    ) -> CodeResult:
        """As ``Sandbox.run_code()``."""
        return await self._run(
            lambda: self._sandbox.run_code(
                code,
                language=language,
                session=session,
                input=input,
                timeout=timeout,
                grace=grace,
                value_size=value_size,
            )
        )

    async def run_python(
        self,
        code: str,
        *,
        session: str = "main",
        input: str | bytes | None = None,
        timeout: Duration | None = None,
        grace: Duration = 2,
        value_size: int = 16 << 20,
    ) -> CodeResult:
        """As ``Sandbox.run_python()``."""
        return await self.run_code(
            code,
            language="python",
            session=session,
            input=input,
            timeout=timeout,
            grace=grace,
            value_size=value_size,
        )

    async def run_js(
        self,
        code: str,
        *,
        session: str = "main",
        input: str | bytes | None = None,
        timeout: Duration | None = None,
        grace: Duration = 2,
        value_size: int = 16 << 20,
    ) -> CodeResult:
        """As ``Sandbox.run_js()``."""
        return await self.run_code(
            code,
            language="javascript",
            session=session,
            input=input,
            timeout=timeout,
            grace=grace,
            value_size=value_size,
        )

    async def interrupt(self, *, language: str = "python", session: str = "main") -> bool:
        return await _call(lambda: self._sandbox.interrupt(language=language, session=session))

    async def close_session(self, *, language: str = "python", session: str = "main") -> bool:
        return await _call(lambda: self._sandbox.close_session(language=language, session=session))

    async def sessions(self) -> list[Session]:
        return await _call(self._sandbox.sessions)

    def kill(self) -> None:
        self._sandbox.kill()

    def signal(self, signal: int | str) -> None:
        self._sandbox.signal(signal)

    async def stats(self) -> dict[str, Any]:
        return await _call(self._sandbox.stats)

    async def limits(self) -> dict[str, str]:
        return await _call(self._sandbox.limits)

    async def set_limit(self, name: str, value: Duration | int | str) -> None:
        await _call(lambda: self._sandbox.set_limit(name, value))

    async def pause(self) -> None:
        await _call(self._sandbox.pause)

    async def resume(self) -> None:
        await _call(self._sandbox.resume)

    async def signal_process(self, pid: int, signal: int | str) -> None:
        await _call(lambda: self._sandbox.signal_process(pid, signal))

    async def set_nice(self, pid: int, nice: int) -> None:
        await _call(lambda: self._sandbox.set_nice(pid, nice))

    async def audit(self) -> list[dict[str, Any]]:
        return await _call(self._sandbox.audit)
