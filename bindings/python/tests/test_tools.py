"""Tools, grants and policies."""

import asyncio
import gc
import json
import time
import weakref
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

import cloche


def get_price(symbol: str) -> float:
    """The price of a stock.

    Args:
        symbol: as it is listed
    """
    return {"AAPL": 187.5, "MSFT": 410.0}[symbol]


def call(tool: Any, command: str, **options: Any) -> cloche.Result:
    name = tool.name if isinstance(tool, cloche.Tool) else tool.__name__
    with cloche.Sandbox(tools=[tool], grants=[name], **options) as sandbox:
        return sandbox.run(command)


def test_a_grant_with_conditions() -> None:
    grant = cloche.Grant("get_price", where={"symbol": cloche.one_of("AAPL", "MSFT")}, calls=2)
    with cloche.Sandbox(tools=[get_price], grants=[grant]) as sandbox:
        result = sandbox.run("tool call get_price --symbol AAPL")
        assert result.stdout == "187.5\n"
        assert result.tool_calls[0].tool == "get_price"
        assert result.tool_calls[0].decision == "allowed"
        denied = sandbox.run("tool call get_price --symbol TSLA")
        assert denied.exit_code == 77 and denied.tool_calls[0].decision == "denied"
        with pytest.raises(cloche.ToolDenied, match="symbol must be one of") as raised:
            denied.check()
        assert raised.value.tool == "get_price"
        sandbox.run("tool call get_price --symbol MSFT").check()
        assert sandbox.run("tool call get_price --symbol MSFT").exit_code == 77  # calls=2


def test_without_a_grant_nothing_can_be_called() -> None:
    with cloche.Sandbox(tools=[get_price]) as sandbox:
        assert sandbox.run("tool call get_price --symbol AAPL").exit_code == 77


def test_a_grant_beside_mounts_and_variables(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    grant = cloche.Grant(get_price, where={"symbol": "AAPL"})
    with cloche.Sandbox(
        tools=[get_price],
        grants=[grant],
        mounts=[cloche.Mount(tmp_path, "/data")],
        env={"A": "b"},
        limits=cloche.Limits(memory="128M"),
    ) as sandbox:
        assert sandbox.run("echo $A $(cat /data/a)").stdout == "b x\n"
        assert sandbox.limits()["memory.max"] == "128M"
        assert sandbox.run("tool call get_price --symbol AAPL").ok


def test_conditions_as_a_policy_has_them() -> None:
    conditions = {
        "a": cloche.gt(0) & cloche.le(100),
        "b": cloche.starts_with("DE") | cloche.eq("x"),
        "c": cloche.optional(cloche.matches("[a-z]+")),
        "d": cloche.not_(cloche.host_in("evil.test")),
        "e": 7,
    }
    assert cloche.Grant("t", where=conditions).as_policy()["where"] == {
        "a": {"gt": 0, "le": 100},
        "b": {"any": [{"starts_with": "DE"}, {"eq": "x"}]},
        "c": {"matches": "[a-z]+", "optional": True},
        "d": {"not": {"host_in": ["evil.test"]}},
        "e": {"eq": 7},
    }


def test_policy_of_a_dict_and_a_file(tmp_path: Path) -> None:
    policy = {"version": 1, "tools": [{"tool": "get_price", "others": "allow"}]}
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy))
    for given in (policy, file, str(file)):
        with cloche.Sandbox(tools=[get_price], policy=given) as sandbox:
            assert sandbox.run("tool call get_price --symbol AAPL").ok


def test_bad_policies(tmp_path: Path) -> None:
    with pytest.raises(cloche.PolicyError) as raised:
        cloche.Sandbox(policy={"version": 1, "tolls": []})
    assert "tolls" in raised.value.mistakes[0]
    (tmp_path / "bad.policy").write_text('{"version": 1,\n "tolls": []}')
    with pytest.raises(cloche.PolicyError, match="bad.policy:2:"):
        cloche.Sandbox(policy=tmp_path / "bad.policy")
    with pytest.raises(cloche.PolicyError, match="great"):
        cloche.Sandbox(tools=[get_price], grants=[cloche.Grant("get_price", where={"a": {"great": 1}})])
    with pytest.raises(cloche.ArgumentError, match="grants and a policy"):
        cloche.Sandbox(policy={"version": 1}, grants=["x"])
    with pytest.raises(cloche.ArgumentError, match="there is no tool"):
        cloche.Sandbox(tools=[get_price], grants=["get_prize"])
    with pytest.raises(cloche.ArgumentError, match="missing.json"):
        cloche.Sandbox(policy=tmp_path / "missing.json")


class Side(Enum):
    BUY = "buy"
    SELL = "sell"


@dataclass
class Order:
    symbol: str
    amount: int = 1
    side: Side = Side.BUY


def place(order: Order, note: "str | None" = None) -> "dict[str, Any]":
    assert isinstance(order, Order) and isinstance(order.side, Side)
    return {"order": order, "note": note}


def test_parameters_become_what_the_hints_say() -> None:
    parameters = json.dumps({"order": {"symbol": "AAPL", "side": "sell"}})
    result = call(place, f"tool call place --json '{parameters}'")
    assert json.loads(result.stdout) == {
        "order": {"symbol": "AAPL", "amount": 1, "side": "sell"},
        "note": None,
    }
    bad = json.dumps({"order": {"symbol": "AAPL", "side": "hold"}})
    assert call(place, f"tool call place --json '{bad}'").exit_code == 77


def test_pydantic_models() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Item(pydantic.BaseModel):
        name: str
        price: float = pydantic.Field(gt=0)

    class Basket(pydantic.BaseModel):
        items: list[Item]

    def total(basket: Basket) -> Item:
        assert isinstance(basket, Basket)
        return Item(name="total", price=sum(item.price for item in basket.items))

    total.__annotations__ = {"basket": Basket, "return": Item}
    good = json.dumps({"basket": {"items": [{"name": "a", "price": 2}, {"name": "b", "price": 3}]}})
    assert json.loads(call(total, f"tool call total --json '{good}'").stdout) == {
        "name": "total",
        "price": 5.0,
    }
    bad = json.dumps({"basket": {"items": [{"name": "a", "price": 0}]}})
    assert call(total, f"tool call total --json '{bad}'").exit_code == 77


def test_tools_from_javascript_and_python() -> None:
    with cloche.Sandbox(tools=[get_price], grants=["get_price"]) as sandbox:
        js = sandbox.run_js("return await tools.get_price({symbol: 'AAPL'})")
        assert js.value == 187.5
        python = sandbox.run_python("import tools; tools.get_price(symbol='MSFT')")
        assert python.value == 410.0


def test_a_failure_is_redacted_and_a_tool_error_is_not() -> None:
    def secret() -> None:
        raise ValueError("the password is 123")

    def plain() -> None:
        raise cloche.ToolError("try again tomorrow")

    result = call(secret, "tool call secret")
    assert result.exit_code == 1 and "123" not in result.stderr
    assert result.tool_calls[0].decision == "failed"
    assert "try again tomorrow" in call(plain, "tool call plain").stderr
    with cloche.Sandbox(tools=[secret], grants=["secret"]) as sandbox:
        sandbox.run("tool call secret")
        assert "the password is 123" in json.dumps(sandbox.audit())


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, BaseException])
def test_handlers_that_raise_anything(kind: type[BaseException]) -> None:
    def bad() -> None:
        raise kind("x")

    result = call(bad, "tool call bad; echo on")
    assert result.stdout == "on\n" and result.tool_calls[0].decision == "failed"


def test_results_that_are_no_json() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    for value in (cycle, (x for x in "ab"), object(), float("nan"), deep, b"bytes", {1: object()}):
        bad = cloche.Tool(lambda value=value: value, name="bad", parameters={"type": "object"})
        result = call(bad, "tool call bad; echo on")
        assert result.stdout == "on\n" and result.tool_calls[0].decision == "failed"
    surrogate = cloche.Tool(lambda: "\ud800", name="bad")
    assert call(surrogate, "tool call bad").tool_calls[0].decision == "failed"
    del deep


def test_a_handler_that_never_returns() -> None:
    ended: list[bool] = []

    @cloche.tool(timeout=0.3)
    def hang() -> None:
        time.sleep(2)
        ended.append(True)

    start = time.monotonic()
    result = call(hang, "tool call hang; echo on")
    assert result.stdout == "on\n" and time.monotonic() - start < 1.9 and not ended


def test_coroutines_are_tools() -> None:
    async def later(x: int) -> int:
        await asyncio.sleep(0.01)
        return x + 1

    assert call(later, "tool call later --x 1").stdout == "2\n"

    @cloche.tool(timeout=0.3)
    async def forever() -> None:
        await asyncio.sleep(100)

    assert call(forever, "tool call forever; echo on").stdout == "on\n"


def test_use_of_the_sandbox_by_its_own_tool() -> None:
    seen: list[BaseException] = []

    def inner() -> None:
        for use in (lambda: sandbox.run("true"), sandbox.close, sandbox.stats):
            try:
                use()
            except cloche.ReentryError as error:
                seen.append(error)

    async def later() -> None:
        inner()

    with cloche.Sandbox(tools=[inner, later], grants=["*"]) as sandbox:
        assert sandbox.run("tool call inner && tool call later").ok
    assert len(seen) == 6 and "kill" in seen[0].advice  # type: ignore[attr-defined]


def test_a_tool_may_kill_and_use_other_sandboxes() -> None:
    with cloche.Sandbox() as other:

        def ask() -> str:
            return other.run("echo from the other").stdout

        def stop() -> None:
            sandbox.kill()

        with cloche.Sandbox(tools=[ask, stop], grants=["*"]) as sandbox:
            assert "from the other" in sandbox.run("tool call ask").stdout
            assert sandbox.run("tool call stop; sleep 50").outcome == "cancelled"


def test_calls_at_the_same_time() -> None:
    def slow() -> int:
        time.sleep(0.3)
        return 1

    start = time.monotonic()
    result = call(slow, "for i in 1 2 3 4 5 6 7 8; do tool call slow & done; wait")
    assert result.stdout == "1\n" * 8 and time.monotonic() - start < 2.3


def test_cycles_through_a_tool_are_collected() -> None:
    class Agent:
        def __init__(self) -> None:
            self.sandbox = cloche.Sandbox(tools=[self.ask], grants=["ask"])

        def ask(self) -> int:
            return 1

    agent = Agent()
    assert agent.sandbox.run("tool call ask").ok
    gone = weakref.ref(agent)
    del agent
    with pytest.warns(ResourceWarning, match="was not closed"):
        gc.collect()
    assert gone() is None


def test_names_and_commands() -> None:
    double = cloche.Tool(lambda x: 2 * x, name="math/double", parameters={"type": "object"})
    assert call(double, "tool call math/double --json '{\"x\": 2}'").stdout == "4\n"
    shell = cloche.Tool(name="shout", command="tr a-z A-Z")
    assert call(shell, "tool call shout --json '{\"a\": 1}'").stdout == '{"A":1}\n'
    with pytest.raises(cloche.ArgumentError, match="no name"):
        cloche.Tool(lambda: 1)
    with pytest.raises(cloche.ArgumentError):
        cloche.Sandbox(tools=[cloche.Tool(lambda: 1, name="bad name")])
    with pytest.raises(cloche.ArgumentError):
        cloche.Sandbox(tools=[get_price, get_price])
