"""Pydantic AI: a toolset of what a model may do with a sandbox, with its instructions.

agent = pydantic_ai.Agent(model, toolsets=[ClocheToolset(sandbox)])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _lazy

if TYPE_CHECKING:
    from ._pydantic_ai import ClocheToolset as ClocheToolset

__all__ = ["ClocheToolset"]
__getattr__ = _lazy.names(__name__, "._pydantic_ai", "pydantic_ai", "pydantic-ai", __all__)
