"""deepagents: a sandbox as the backend of a deep agent, for its files and its `execute`.

with ClocheBackend(limits=cloche.Limits(memory="256M")) as backend:
    agent = deepagents.create_deep_agent(model, backend=backend)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _lazy

if TYPE_CHECKING:
    from ._deepagents import ClocheBackend as ClocheBackend
    from ._deepagents import ClocheSandboxBackend as ClocheSandboxBackend

__all__ = ["ClocheBackend", "ClocheSandboxBackend"]
__getattr__ = _lazy.names(__name__, "._deepagents", "deepagents", "deepagents", __all__)
