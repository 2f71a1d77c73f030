"""The toolset of `cloche.integrations.pydantic_ai`; needs pydantic-ai-slim."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from .. import _texts, models
from .._async import AsyncSandbox
from .._prompt import asystem_prompt, system_prompt
from .._values import Duration


class ClocheToolset(AbstractToolset[Any]):
    """What a model may do with a sandbox: `bash`, `python`, `javascript`, as far as they are in it.

    Takes either kind of sandbox, which stays its owner's. Its instructions are `system_prompt()`,
    made anew for each request, unless `instructions` is False.
    """

    def __init__(
        self,
        sandbox: models.AnySandbox,
        *,
        id: str | None = None,
        only: Iterable[str] | None = None,
        timeout: Duration | None = None,
        max_output: int = _texts.MAX_OUTPUT,
        max_retries: int = 1,
        instructions: bool = True,
    ) -> None:
        self.sandbox = sandbox
        self._id = id
        self._actions = models.actions(sandbox, only)
        self._timeout, self._max_output, self._max_retries = timeout, max_output, max_retries
        self._instructions = instructions

    @property
    def id(self) -> str | None:
        return self._id

    async def get_instructions(self, ctx: RunContext[Any]) -> str | None:
        if not self._instructions:
            return None
        if isinstance(self.sandbox, AsyncSandbox):
            return await asystem_prompt(self.sandbox)
        return system_prompt(self.sandbox)

    async def get_tools(self, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:
        return {action.name: self._tool(action) for action in self._actions}

    def _tool(self, action: models.Action) -> ToolsetTool[Any]:
        field = core_schema.typed_dict_field(core_schema.str_schema(), required=True)
        schema = core_schema.typed_dict_schema({action.argument: field}, extra_behavior="forbid")
        # One sandbox, whose files one call leaves to the next: calls are made one after the other.
        definition = ToolDefinition(
            name=action.name,
            description=action.description,
            parameters_json_schema=action.parameters,
            sequential=True,
        )
        return ToolsetTool(
            toolset=self,
            tool_def=definition,
            max_retries=self._max_retries,
            args_validator=SchemaValidator(schema),
        )

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[Any], tool: ToolsetTool[Any]
    ) -> str:
        return await models.acall_tool(
            self.sandbox, name, tool_args, timeout=self._timeout, max_output=self._max_output
        )
