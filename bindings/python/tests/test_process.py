"""Programs that go on by themselves."""

import asyncio
import time

import pytest

import cloche


def test_streams(sandbox: cloche.Sandbox) -> None:
    with sandbox.spawn("read x; echo got $x; echo e >&2; exit 4") as process:
        assert process.pid > 0 and process.poll() is None
        assert process.stdout is not None and process.stderr is not None
        process.write("hello\n")
        assert process.stdout.readline() == b"got hello\n" and process.stderr.read() == b"e\n"
        assert process.wait(timeout=20).exit_code == 4
        assert process.poll() is process.wait()


def test_it_goes_on_beside_runs(sandbox: cloche.Sandbox) -> None:
    with sandbox.spawn(["cat"]) as process:
        assert process.stdout is not None
        for at in range(3):
            assert sandbox.run(f"echo {at}").stdout == f"{at}\n"
            process.write(f"{at}\n")
            assert process.stdout.readline() == f"{at}\n".encode()
        process.close_stdin()
        assert process.wait(20).ok


def test_capture_and_input(sandbox: cloche.Sandbox) -> None:
    process = sandbox.spawn(["sort"], input="b\na\n", stdout=None, stderr=None)
    assert process.stdout is None and process.stdin is None
    assert process.wait(20).stdout == "a\nb\n"
    with pytest.raises(ValueError, match="no pipe"):
        process.write("x")


def test_terminal(sandbox: cloche.Sandbox) -> None:
    with sandbox.spawn("stty size; read x; stty size", pty=True, size=(10, 20)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"10 20\r\n"
        process.resize(11, 22)
        process.write("\n")
        assert b"11 22" in process.stdout.read()


def test_ends(sandbox: cloche.Sandbox) -> None:
    process = sandbox.spawn(["sleep", "100"])
    with pytest.raises(TimeoutError):
        process.wait(timeout=0.05)
    process.signal("SIGTERM")
    assert process.wait(20).signal == "SIGTERM"
    other = sandbox.spawn(["sleep", "100"])
    other.kill()
    assert other.wait(20).outcome == "cancelled"
    late = sandbox.spawn("while :; do :; done", timeout="100ms")
    assert late.wait(20).outcome == "timeout"
    missing = sandbox.spawn(["no-such"])
    assert missing.wait(20).outcome == "error"
    left = sandbox.spawn(["sleep", "100"])
    sandbox.close()
    assert left.wait(20).outcome == "cancelled"
    with pytest.raises(cloche.ClosedError):
        sandbox.spawn("true")


@pytest.mark.parametrize(
    "options",
    [{"size": (0, 1)}, {"stdout": "x"}, {"input": 1.5}, {"input": 9999}, {"timeout": "soon"}],
)
def test_bad_options(sandbox: cloche.Sandbox, options: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        sandbox.spawn("true", **options)  # type: ignore[arg-type]


def test_asyncio() -> None:
    async def main() -> None:
        async with cloche.AsyncSandbox() as sandbox:
            process = await sandbox.spawn("while read x; do echo got $x; done")
            async with process:
                pieces = process.output()
                for word in ("a", "b"):
                    await process.write(f"{word}\n")
                    assert await pieces.__anext__() == f"got {word}\n".encode()
                process.close_stdin()
                assert (await process.wait(20)).ok
            hanging = await sandbox.spawn(["sleep", "100"])
            start = time.monotonic()
            await hanging.close()
            assert time.monotonic() - start < 15

    asyncio.run(main())
