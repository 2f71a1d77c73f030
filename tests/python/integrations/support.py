"""What the tests of the fronts share: a tool with a price, and sandboxes that may ask it."""

import cloche

PRICES = {"AAPL": 230.5, "MSFT": 410.0}


def get_price(symbol: str) -> float:
    """What one share costs, in dollars."""
    return PRICES[symbol]


def grants() -> list[cloche.Grant]:
    return [cloche.Grant("get_price", where={"symbol": cloche.one_of("AAPL", "MSFT")}, calls=2)]


def sandbox(**options) -> cloche.Sandbox:
    return cloche.Sandbox(tools=[get_price], grants=grants(), **options)


def async_sandbox(**options) -> cloche.AsyncSandbox:
    return cloche.AsyncSandbox(tools=[get_price], grants=grants(), **options)
