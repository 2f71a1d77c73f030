"""Every public function with what it is not made for: a typed exception with advice, never a hang."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

import cloche

BAD_CALLS: list[Callable[[cloche.Sandbox], Any]] = [
    lambda s: s.run(None),  # type: ignore[arg-type]
    lambda s: s.run(b"echo"),  # type: ignore[arg-type]
    lambda s: s.run(7),  # type: ignore[arg-type]
    lambda s: s.run([]),
    lambda s: s.run([1]),  # type: ignore[list-item]
    lambda s: s.run(x for x in "ab"),  # type: ignore[arg-type]
    lambda s: s.run("echo \ud800"),
    lambda s: s.run("echo \0"),
    lambda s: s.run("true", input=7),  # type: ignore[arg-type]
    lambda s: s.run("true", input=(x for x in "ab")),  # type: ignore[arg-type]
    lambda s: s.run("true", input="\ud800"),
    lambda s: s.run("true", timeout="soon"),
    lambda s: s.run("true", timeout=-1),
    lambda s: s.run("true", timeout=float("nan")),
    lambda s: s.run("true", timeout=[]),  # type: ignore[arg-type]
    lambda s: s.run_python(None),  # type: ignore[arg-type]
    lambda s: s.run_python("\ud800"),
    lambda s: s.run_python("1", session="no/slash"),
    lambda s: s.run_python("1", value_size=-1),
    lambda s: s.run_python("1", value_size=0),
    lambda s: s.run_python("1", grace="9999h"),
    lambda s: s.run_code("1", language="cobol"),
    lambda s: s.signal("SIGNOTHING"),
    lambda s: s.signal(0),
    lambda s: s.signal(1 << 70),
    lambda s: s.set_limit(1, 2),  # type: ignore[arg-type]
    lambda s: s.set_limit("memory", []),  # type: ignore[arg-type]
    lambda s: s.set_nice("x", 1),  # type: ignore[arg-type]
    lambda s: s.signal_process(1 << 40, 9),
]


@pytest.mark.parametrize("call", BAD_CALLS)
def test_bad_calls(call: Callable[[cloche.Sandbox], Any], sandbox: cloche.Sandbox) -> None:
    with pytest.raises(cloche.Error) as raised:
        call(sandbox)
    assert isinstance(raised.value, (ValueError, TypeError)) and raised.value.advice


BAD_OPTIONS: list[dict[str, Any]] = [
    {"tools": 1},
    {"tools": [1]},
    {"tools": "x"},
    {"grants": [1]},
    {"grants": [cloche.Grant("x", where=7)]},  # type: ignore[arg-type]
    {"grants": [cloche.Grant("x", where={"a": object()})]},
    {"grants": [cloche.Grant("x", rate=(1, "soon"))]},
    {"mounts": [7]},
    {"mounts": [cloche.Mount("/tmp", "relative")]},
    {"mounts": [cloche.Mount("/tmp", "/x", mode="rx")]},
    {"mounts": [cloche.Mount("/tmp\0", "/x")]},
    {"mounts": [cloche.Mount("/tmp", "/x"), cloche.Mount("/tmp", "/x")]},
    {"limits": {"memory": 1}},
    {"limits": cloche.Limits(memory="lots")},
    {"limits": cloche.Limits(pids=0)},
    {"limits": cloche.Limits(timeout="1 s")},
    {"limits": cloche.Limits(memory=[])},  # type: ignore[arg-type]
    {"policy": 7},
    {"policy": {"version": 2}},
    {"policy": {1: object()}},
    {"env": {"A=B": "c"}},
    {"env": {"A": 1}},
    {"env": ["A"]},
    {"workdir": 7},
    {"user": "\ud800"},
    {"name": 7},
    {"random_seed": "xyz"},
    {"clock_resolution": "1h"},
    {"sandboxes": -1},
    {"sandboxes": "1"},
    {"host": 7},
]


@pytest.mark.parametrize("options", BAD_OPTIONS)
def test_bad_options(options: dict[str, Any]) -> None:
    with pytest.raises(cloche.Error) as raised:
        cloche.Sandbox(**options)
    assert isinstance(raised.value, (ValueError, TypeError)) and raised.value.advice


def test_cyclic_objects() -> None:
    cycle: dict[str, Any] = {"version": 1}
    cycle["tools"] = cycle
    with pytest.raises(cloche.ArgumentError, match="no JSON"):
        cloche.Sandbox(policy=cycle)
    where: dict[str, Any] = {}
    where["a"] = {"any": [where]}
    with pytest.raises(cloche.ArgumentError, match="no JSON"):
        cloche.Sandbox(grants=[cloche.Grant("x", where=where)])


def test_missing_host_paths() -> None:
    with pytest.raises(cloche.NotFoundError):
        cloche.Sandbox(mounts=[cloche.Mount("/no/such/folder", "/x")])
    with pytest.raises(cloche.Error):
        cloche.Host(pack="/no/such.pack")


def test_two_gigabytes(sandbox: cloche.Sandbox) -> None:
    huge = "x" * (2 << 30)
    for call in (
        lambda: sandbox.run(huge),
        lambda: sandbox.run(["echo", huge]),
        lambda: sandbox.run("cat", input=huge),
        lambda: sandbox.run_python(huge),
        lambda: sandbox.run_js("1", input=huge),
        lambda: cloche.Sandbox(env={"A": huge}),
        lambda: cloche.Sandbox(name=huge),
    ):
        with pytest.raises(cloche.ArgumentError, match="at most"):
            call()
    assert sandbox.run("echo on").stdout == "on\n"


def test_bytes_that_are_no_text_go_through(sandbox: cloche.Sandbox) -> None:
    assert sandbox.run(["printf", "%s", b"\xff"]).stdout_bytes == b"\xff"
    assert sandbox.run(["printf", "%s", os.fsdecode(b"\xff")]).stdout_bytes == b"\xff"


def test_after_close() -> None:
    sandbox = cloche.Sandbox()
    sandbox.close()
    sandbox.close()
    assert sandbox.closed
    uses: list[Callable[[], Any]] = [
        lambda: sandbox.run("true"),
        lambda: sandbox.run("true", on_stdout=print),
        lambda: sandbox.run_python("1"),
        lambda: sandbox.run_js("1"),
        sandbox.stats,
        sandbox.limits,
        sandbox.audit,
        sandbox.sessions,
        sandbox.pause,
        sandbox.resume,
        sandbox.kill,
        sandbox.interrupt,
        sandbox.close_session,
        sandbox.__enter__,
        lambda: sandbox.signal("SIGINT"),
        lambda: sandbox.set_limit("pids", 7),
        lambda: sandbox.signal_process(1, 9),
        lambda: sandbox.set_nice(1, 9),
    ]
    for use in uses:
        with pytest.raises(cloche.ClosedError, match="closed"):
            use()


def test_close_while_another_thread_runs() -> None:
    sandbox = cloche.Sandbox()
    results: list[Any] = []

    def work() -> None:
        for _ in range(3):
            try:
                results.append(sandbox.run("sleep 50").outcome)
            except cloche.ClosedError:
                results.append("closed")

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    start = time.monotonic()
    sandbox.close()
    for thread in threads:
        thread.join(20)
    assert time.monotonic() - start < 15 and len(results) == 9
    assert set(results) == {"cancelled", "closed"}


def test_fork() -> None:
    sandbox = cloche.Sandbox()
    assert sandbox.run("echo parent").ok
    child = os.fork()
    if child == 0:
        code = 1
        try:
            try:
                sandbox.run("true")
            except cloche.ForkedError:
                code = 2
            sandbox.close()  # nothing of the parent's
            with cloche.Sandbox() as own:
                if own.run("echo child").stdout == "child\n" and code == 2:
                    code = 0
        finally:
            os._exit(code)
    deadline = time.monotonic() + 60
    done, status = 0, 0
    while not done and time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.02)
    if not done:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert done and os.waitstatus_to_exitcode(status) == 0
    assert sandbox.run("echo still").stdout == "still\n"
    sandbox.close()


def run_script(text: str, **options: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", text],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.mark.parametrize("command", ["sleep 50", "while :; do :; done"])
def test_keyboard_interrupt(command: str) -> None:
    script = f"""
import cloche
with cloche.Sandbox() as sandbox:
    sandbox.run("true")
    print("ready", flush=True)
    try:
        sandbox.run({command!r})
    except KeyboardInterrupt:
        print("interrupted", sandbox.run("echo on").stdout.strip(), flush=True)
"""
    process = run_script(script)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert out == "interrupted on\n", error
    assert process.returncode == 0 and time.monotonic() - start < 15


def test_handlers_of_other_signals_run_at_once() -> None:
    script = """
import cloche, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
with cloche.Sandbox() as sandbox:
    sandbox.run("true")
    print("ready", flush=True)
    sandbox.run("sleep 50")
"""
    process = run_script(script)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 7


@pytest.mark.parametrize(
    "hang", ["time.sleep(1000)", "[None for _ in iter(int, 1)]", "threading.Event().wait()"]
)
def test_the_program_ends_while_a_tool_hangs(hang: str) -> None:
    script = f"""
import cloche, threading, time
started = threading.Event()
def hang():
    started.set()
    {hang}
sandbox = cloche.Sandbox(tools=[hang], grants=["hang"])
threading.Thread(target=lambda: sandbox.run("tool call hang"), daemon=True).start()
started.wait()
print("end", flush=True)
"""
    process = run_script(script)
    start = time.monotonic()
    out, error = process.communicate(timeout=60)
    assert out == "end\n" and process.returncode == 0, (process.returncode, error)
    assert time.monotonic() - start < 30


def test_the_program_ends_while_threads_run_sandboxes() -> None:
    script = """
import cloche, threading, time
def work():
    while True:
        with cloche.Sandbox() as sandbox:
            sandbox.run("sleep 50")
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
time.sleep(1)
print("end", flush=True)
"""
    process = run_script(script)
    out, error = process.communicate(timeout=60)
    assert out == "end\n" and process.returncode == 0, (process.returncode, error)
