"""Names of a module that need a framework: looked up when they are used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def names(
    module: str, implementation: str, framework: str, extra: str, exported: list[str]
) -> Callable[[str], Any]:
    """The `__getattr__` of `module`: its `exported` names are those of `implementation`.

    `ImportError`, with the extra to install, where `framework`, a package to import, is not there.
    """

    def __getattr__(name: str) -> Any:
        if name not in exported:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        try:
            return getattr(importlib.import_module(implementation, __package__), name)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] != framework:
                raise
            raise ImportError(
                f"{module}.{name} needs {framework}, which is not installed: "
                f"pip install 'cloche[{extra}]'",
                name=framework,
            ) from error

    return __getattr__
