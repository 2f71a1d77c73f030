"""The asyncio twin."""

import asyncio
import time
from typing import Any

import pytest

import cloche


def test_runs_beside_each_other() -> None:
    async def one(at: int) -> str:
        async with cloche.AsyncSandbox() as sandbox:
            return (await sandbox.run(f"sleep 0.3; echo {at}")).stdout

    async def main() -> list[str]:
        return await asyncio.gather(*[one(at) for at in range(10)])

    start = time.monotonic()
    assert asyncio.run(main()) == [f"{at}\n" for at in range(10)]
    assert time.monotonic() - start < 2.9


def test_the_loop_goes_on_and_tools_run_in_it() -> None:
    loops: list[Any] = []

    async def ask(x: int) -> int:
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(0.01)
        return x + 1

    async def main() -> None:
        async with cloche.AsyncSandbox(tools=[ask], grants=["ask"]) as sandbox:
            assert (await sandbox.run("tool call ask --x 1")).stdout == "2\n"
            assert (await sandbox.run_js("return await tools.ask({x: 2})")).value == 3
            assert loops == [asyncio.get_running_loop()] * 2
            assert (await sandbox.stats())["tool_calls"] == 2
            assert (await sandbox.limits())["pids.max"] == "256"

    asyncio.run(main())


def test_a_task_that_is_cancelled_ends_the_command() -> None:
    async def main() -> None:
        async with cloche.AsyncSandbox() as sandbox:
            task = asyncio.create_task(sandbox.run("sleep 50"))
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await sandbox.run("echo on")).stdout == "on\n"
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(sandbox.run("sleep 50"), 0.2)

    start = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - start < 20


def test_callbacks() -> None:
    seen: list[str] = []

    async def later(text: str) -> None:
        await asyncio.sleep(0)
        seen.append(text)

    async def main() -> None:
        async with cloche.AsyncSandbox() as sandbox:
            await sandbox.run("echo a", on_stdout=later)
            await sandbox.run("echo b >&2", on_stderr=seen.append)

    asyncio.run(main())
    assert seen == ["a\n", "b\n"]


def test_reentry_and_close() -> None:
    async def main() -> None:
        seen: list[BaseException] = []

        async def inner() -> None:
            try:
                await sandbox.run("true")
            except cloche.ReentryError as error:
                seen.append(error)

        async with cloche.AsyncSandbox(tools=[inner], grants=["inner"]) as sandbox:
            assert (await sandbox.run("tool call inner")).ok
        assert len(seen) == 1 and sandbox.closed
        with pytest.raises(cloche.ClosedError):
            await sandbox.run("true")

    asyncio.run(main())


def test_bad_options() -> None:
    async def main() -> None:
        with pytest.raises(cloche.ArgumentTypeError):
            cloche.AsyncSandbox(tools=7)  # type: ignore[arg-type]
        async with cloche.AsyncSandbox() as sandbox:
            with pytest.raises(cloche.ArgumentTypeError):
                await sandbox.run(7)  # type: ignore[arg-type]

    asyncio.run(main())
