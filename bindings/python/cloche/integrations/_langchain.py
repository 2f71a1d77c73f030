"""The tools of `cloche.integrations.langchain`; needs langchain-core."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any, Literal

from langchain_core.tools import BaseTool, ToolException
from pydantic import Field

from .. import _texts, models
from .._values import Duration


class SandboxTool(BaseTool):
    """One action of a sandbox: `bash`, `python` or `javascript`.

    The message to the model is `cloche.models.result_text()`; the artifact is the result itself.
    Works with either kind of sandbox, an `AsyncSandbox` in `ainvoke` only.
    """

    sandbox: Any = Field(exclude=True, repr=False)  # no part of what is traced
    timeout: Any = None
    max_output: int = _texts.MAX_OUTPUT
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    handle_tool_error: Any = True  # what is said to the model: the message

    def _run(self, **arguments: Any) -> tuple[str, Any]:
        with _told():
            result = models.run_action(self.sandbox, self.name, arguments, timeout=self.timeout)
        return _texts.result_text(result, self.max_output), result

    async def _arun(self, **arguments: Any) -> tuple[str, Any]:
        with _told():
            result = await models.arun_action(
                self.sandbox, self.name, arguments, timeout=self.timeout
            )
        return _texts.result_text(result, self.max_output), result


@contextlib.contextmanager
def _told() -> Any:
    """A call that no definition allows is told to the model."""
    try:
        yield
    except ValueError as error:
        raise ToolException(str(error)) from error


def sandbox_tools(
    sandbox: models.AnySandbox,
    *,
    only: Iterable[str] | None = None,
    timeout: Duration | None = None,
    max_output: int = _texts.MAX_OUTPUT,
) -> list[BaseTool]:
    """What a model may do with this sandbox, as tools: see `cloche.models.actions()`."""
    return [
        SandboxTool(
            name=action.name,
            description=action.description,
            args_schema=action.parameters,
            sandbox=sandbox,
            timeout=timeout,
            max_output=max_output,
        )
        for action in models.actions(sandbox, only)
    ]
