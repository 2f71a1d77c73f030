"""OpenAI Agents SDK: function tools of a sandbox, and a client for `SandboxAgent`.

agent = Agent("analyst", instructions=cloche.system_prompt(sandbox), tools=sandbox_tools(sandbox))
run_config = RunConfig(sandbox=SandboxRunConfig(client=ClocheSandboxClient(limits=limits)))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _lazy

if TYPE_CHECKING:
    from ._openai_agents import ClocheSandboxClient as ClocheSandboxClient
    from ._openai_agents import ClocheSandboxClientOptions as ClocheSandboxClientOptions
    from ._openai_agents import sandbox_tools as sandbox_tools

__all__ = ["ClocheSandboxClient", "ClocheSandboxClientOptions", "sandbox_tools"]
__getattr__ = _lazy.names(__name__, "._openai_agents", "agents", "openai-agents", __all__)
