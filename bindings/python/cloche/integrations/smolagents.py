"""smolagents: the Python of a `CodeAgent` in a sandbox, its tools outside, as far as granted.

executor = ClocheExecutor(grants=[cloche.Grant("get_price", where={"symbol": "AAPL"}, calls=10)])
agent = smolagents.CodeAgent(tools=[get_price], model=model, executor=executor)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _lazy

if TYPE_CHECKING:
    from ._smolagents import ClocheExecutor as ClocheExecutor

__all__ = ["ClocheExecutor"]
__getattr__ = _lazy.names(__name__, "._smolagents", "smolagents", "smolagents", __all__)
