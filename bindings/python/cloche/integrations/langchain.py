"""LangChain: what a model may do with a sandbox, as tools.

tools = sandbox_tools(sandbox)
agent = langchain.agents.create_agent(model, tools, system_prompt=cloche.system_prompt(sandbox))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _lazy

if TYPE_CHECKING:
    from ._langchain import SandboxTool as SandboxTool
    from ._langchain import sandbox_tools as sandbox_tools

__all__ = ["SandboxTool", "sandbox_tools"]
__getattr__ = _lazy.names(__name__, "._langchain", "langchain_core", "langchain", __all__)
