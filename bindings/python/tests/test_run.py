"""Commands: what goes in, what comes out, how they end."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import cloche


def test_text_is_bash_and_a_list_is_itself(sandbox: cloche.Sandbox) -> None:
    assert sandbox.run("echo hello | tr a-z A-Z").stdout == "HELLO\n"
    assert sandbox.run(["echo", "a b", "*"]).stdout == "a b *\n"


def test_result(sandbox: cloche.Sandbox) -> None:
    result = sandbox.run("echo out; echo err >&2; exit 3")
    assert (result.stdout, result.stderr, result.exit_code) == ("out\n", "err\n", 3)
    assert (result.outcome, result.signal, result.limit, result.ok) == ("exited", None, None, False)
    assert result.truncated == (False, False)
    assert result.usage.processes >= 1 and result.usage.wall_ms > 0
    assert result.tool_calls == []
    with pytest.raises(cloche.CommandError, match="exited with 3: err") as raised:
        result.check()
    assert raised.value.result is result
    assert sandbox.run("true").check().ok


def test_signal(sandbox: cloche.Sandbox) -> None:
    result = sandbox.run("kill -TERM $$")
    assert (result.outcome, result.signal, result.exit_code) == ("signaled", "SIGTERM", None)


def test_not_found(sandbox: cloche.Sandbox) -> None:
    result = sandbox.run(["no-such-program"])
    assert result.outcome == "error" and result.error is not None
    assert result.error.type == "not_found"
    with pytest.raises(cloche.CommandError, match="did not start"):
        result.check()


def test_output_that_is_no_text(sandbox: cloche.Sandbox) -> None:
    result = sandbox.run(r"printf '\xff\x00'")
    assert result.stdout_bytes == b"\xff\x00" and result.stdout == "\ufffd\0"


def test_input(sandbox: cloche.Sandbox, tmp_path: Path) -> None:
    assert sandbox.run("cat", input="grüße").stdout == "grüße"
    assert sandbox.run(["wc", "-c"], input=b"\0" * 1_000_000).stdout.strip() == "1000000"
    assert sandbox.run("cat").stdout == ""
    (tmp_path / "in").write_text("from a file")
    with open(tmp_path / "in") as file:
        assert sandbox.run("cat", input=file).stdout == "from a file"


def test_timeout_of_a_run_and_of_the_sandbox(sandbox: cloche.Sandbox) -> None:
    assert sandbox.run("while :; do :; done", timeout="200ms").outcome == "timeout"
    assert sandbox.run("echo on").stdout == "on\n"
    with cloche.Sandbox(limits=cloche.Limits(timeout=0.2)) as short:
        assert short.run("sleep 100").outcome == "timeout"


def test_limits() -> None:
    with cloche.Sandbox(limits=cloche.Limits(cpu_time="200ms", memory="64M", pids=8)) as small:
        ended = small.run("while :; do :; done")
        assert (ended.outcome, ended.limit) == ("limit", "cpu.time")
        assert small.limits()["memory.max"] == "64M" and small.limits()["pids.max"] == "8"
        small.set_limit("pids", 9)
        small.set_limit("memory.max", "65M")
        assert small.limits()["memory.max"] == "65M" and small.limits()["pids.max"] == "9"
        with pytest.raises(cloche.ArgumentError):
            small.set_limit("pids", "many")
        with pytest.raises(cloche.ArgumentError):
            small.set_limit("no.such", 1)


def test_mounts(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("b\na\n")
    mounts = [
        cloche.Mount(tmp_path, "/data"),
        cloche.Mount(tmp_path, "/copy", mode="cow"),
        (str(tmp_path), "/open", "rw"),
    ]
    with cloche.Sandbox(mounts=mounts) as sandbox:
        assert sandbox.run("sort /data/names.txt").stdout == "a\nb\n"
        assert "Read-only" in sandbox.run("echo x > /data/new").stderr
        assert sandbox.run("echo x > /copy/new; cat /copy/new").stdout == "x\n"
        assert not (tmp_path / "new").exists()
        sandbox.run("echo y > /open/new").check()
    assert (tmp_path / "new").read_text() == "y\n"


def test_nothing_of_the_host_goes_in(sandbox: cloche.Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    assert "SECRET" not in sandbox.run("env").stdout
    assert sandbox.run("cat /etc/shadow").exit_code == 1


def test_env_workdir_user_name() -> None:
    with cloche.Sandbox(env={"A": "b c"}, workdir="/tmp", user="me", name="box") as sandbox:
        assert sandbox.run('echo "$A $PWD $USER $(uname -n)"').stdout == "b c /tmp me box\n"
        assert repr(sandbox) == "<cloche.Sandbox box>"
    assert repr(sandbox) == "<cloche.Sandbox box, closed>"


def test_output_as_it_comes(sandbox: cloche.Sandbox) -> None:
    seen: list[str] = []
    result = sandbox.run("echo a; sleep 0.3; printf 'grüße'; echo e >&2", on_stdout=seen.append)
    assert len(seen) >= 2 and "".join(seen) == "a\ngrüße" == result.stdout
    assert result.stderr == "e\n"
    errors: list[str] = []
    assert sandbox.run("echo e >&2", on_stderr=errors.append).ok and errors == ["e\n"]


def test_a_callback_that_raises_ends_the_run(sandbox: cloche.Sandbox) -> None:
    def stop(text: str) -> None:
        raise LookupError(text)

    start = time.monotonic()
    with pytest.raises(LookupError, match="go"):
        sandbox.run("echo go; sleep 50", on_stdout=stop)
    assert time.monotonic() - start < 20
    assert sandbox.run("echo still").stdout == "still\n"


def test_live_control(sandbox: cloche.Sandbox) -> None:
    results: list[cloche.Result] = []
    thread = threading.Thread(target=lambda: results.append(sandbox.run("sleep 100 & sleep 100")))
    thread.start()
    while not (processes := sandbox.stats()["processes"]) or sandbox.stats()["state"] != "running":
        time.sleep(0.01)
    sandbox.pause()
    assert sandbox.stats()["state"] == "paused"
    sandbox.resume()
    sandbox.set_nice(processes[0]["pid"], 5)
    with pytest.raises(cloche.NotFoundError):
        sandbox.signal_process(9999, "SIGTERM")
    sandbox.kill()
    thread.join(20)
    assert results[0].outcome == "cancelled"


def test_runs_beside_each_other_in_one_sandbox(sandbox: cloche.Sandbox) -> None:
    results: list[str] = []

    def work(at: int) -> None:
        results.append(sandbox.run(f"touch {at}; sleep 0.3; echo {at} $(ls | wc -l)").stdout)

    threads = [threading.Thread(target=work, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == [f"{at} 4\n" for at in range(4)]


def test_many_sandboxes_from_many_threads() -> None:
    failures: list[object] = []

    def work(at: int) -> None:
        for _ in range(10):
            with cloche.Sandbox() as sandbox:
                if sandbox.run(f"echo {at}").stdout != f"{at}\n":
                    failures.append(at)

    threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures and not any(thread.is_alive() for thread in threads)


def test_audit(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    with cloche.Sandbox(audit=log) as sandbox:
        sandbox.run("true")
        events = [event["event"] for event in sandbox.audit()]
    assert events[:2] == ["audit.begin", "sandbox.start"] and "run.end" in events
    verdict = cloche.verify_audit(log)
    assert verdict.whole and verdict.ended


def test_the_command() -> None:
    run = [sys.executable, "-m", "cloche", "run", "-c", "echo hello; exit 3"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("hello\n", 3)


def test_host(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []
    host = cloche.Host(
        cache_dir=tmp_path / "cache", progress=lambda what, percent: seen.append((what, percent))
    )
    assert host.engine_version.startswith("wasmtime") and host.warnings == []
    with pytest.raises(cloche.NotFoundError):
        host.compile("/usr/bin/no-such")
    assert host.compile("/usr/bin/jq") and not host.compile("/usr/bin/jq")
    with cloche.Sandbox(host=host) as sandbox:
        assert sandbox.run(["cat"], input="x").stdout == "x"
    assert seen and seen[-1][1] == 100
