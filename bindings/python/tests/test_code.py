"""Code in sessions."""

import threading
import time

import pytest

import cloche


def test_values(sandbox: cloche.Sandbox) -> None:
    assert sandbox.run_python("x = 20").value is None
    result = sandbox.run_python("print('hello'); x + 1")
    assert (result.value, result.value_type, result.stdout, result.cell) == (21, "json", "hello\n", 2)
    assert sandbox.run_python("b'\\x00\\xff'").value == b"\x00\xff"
    text = sandbox.run_python("object")
    assert text.value_type == "text" and text.value == "<class 'object'>" == text.repr
    assert sandbox.run_js("const rows = [1, 2]").ok
    assert sandbox.run_js("return rows.map(n => n * 2)").value == [2, 4]


def test_errors(sandbox: cloche.Sandbox) -> None:
    result = sandbox.run_python("1/0")
    assert result.exit_code == 1 and result.error is not None
    assert result.error.type == "ZeroDivisionError" and "1/0" in (result.error.traceback or "")
    with pytest.raises(cloche.CommandError, match="ZeroDivisionError"):
        result.check()


def test_denied(sandbox: cloche.Sandbox) -> None:
    def pay(amount: int) -> int:
        return amount

    grant = cloche.Grant(pay, where={"amount": cloche.le(10)})
    with cloche.Sandbox(tools=[pay], grants=[grant]) as box:
        result = box.run_python("import tools; tools.pay(amount=11)")
        with pytest.raises(cloche.ToolDenied, match="amount must be up to 10"):
            result.check()


def test_displays(sandbox: cloche.Sandbox) -> None:
    code = """
class Rich:
    def _repr_html_(self): return "<b>x</b>"
    def _repr_png_(self): return b"\\x89PNG"
    def _repr_json_(self): return {"a": 1}
display(Rich())
"""
    shown = sandbox.run_python(code).displays[0]
    assert shown["text/html"] == "<b>x</b>" and shown["image/png"] == b"\x89PNG"
    assert shown["application/json"] == {"a": 1}


def test_values_that_python_does_not_take(sandbox: cloche.Sandbox) -> None:
    huge = sandbox.run_js("return {toJSON() { return 1 }, x: '1'.repeat(5000)}")
    assert huge.ok
    number = sandbox.run_python("import sys; sys.set_int_max_str_digits(0); 10**5000")
    assert number.ok and (number.value == 10**5000 or number.value_type == "text")


def test_sessions(sandbox: cloche.Sandbox) -> None:
    sandbox.run_python("x = 1", session="a")
    assert sandbox.run_python("x", session="b").error is not None
    names = {(session.language, session.name) for session in sandbox.sessions()}
    assert names == {("python", "a"), ("python", "b")}
    assert sandbox.close_session(session="a") and not sandbox.close_session(session="a")
    assert not sandbox.interrupt(session="b")


def test_timeout_and_interrupt(sandbox: cloche.Sandbox) -> None:
    sandbox.run_python("x = 1")
    assert sandbox.run_python("while True: pass", timeout=0.3).outcome == "timeout"
    assert sandbox.run_python("x").value == 1
    results: list[cloche.CodeResult] = []
    thread = threading.Thread(
        target=lambda: results.append(sandbox.run_python("while True: pass"))
    )
    thread.start()
    while not sandbox.interrupt():
        time.sleep(0.02)
    thread.join(20)
    assert results[0].exit_code == 130


def test_a_session_is_busy(sandbox: cloche.Sandbox) -> None:
    sandbox.run_python("import time")
    thread = threading.Thread(target=lambda: sandbox.run_python("time.sleep(50)"))
    thread.start()
    while not any(session.busy for session in sandbox.sessions()):
        time.sleep(0.01)
    with pytest.raises(cloche.BusyError) as raised:
        sandbox.run_python("1")
    assert "session" in raised.value.advice
    sandbox.kill()
    thread.join(20)


def test_input(sandbox: cloche.Sandbox) -> None:
    assert sandbox.run_python("input()", input="given\n").value == "given"
