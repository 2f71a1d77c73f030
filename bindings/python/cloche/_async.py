"""The asyncio twin of a sandbox."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import queue
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, TypeVar, Union

from ._host import Host
from ._results import CodeResult, Result
from ._sandbox import Command, Input, Sandbox, Session
from ._tools import Tool
from ._values import Duration

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

    def __init__(self, **options: Any) -> None:
        self._loop: asyncio.AbstractEventLoop | None
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None  # that of the first call
        self._sandbox = Sandbox(**options, _loop=self._the_loop)

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

    async def run_code(self, code: str, **options: Any) -> CodeResult:
        """As ``Sandbox.run_code()``."""
        return await self._run(lambda: self._sandbox.run_code(code, **options))

    async def run_python(self, code: str, **options: Any) -> CodeResult:
        return await self._run(lambda: self._sandbox.run_python(code, **options))

    async def run_js(self, code: str, **options: Any) -> CodeResult:
        return await self._run(lambda: self._sandbox.run_js(code, **options))

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
