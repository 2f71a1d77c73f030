"""What docstrings say of a function and its parameters: Google's, NumPy's and Sphinx's style."""

from __future__ import annotations

import re

_SECTION = re.compile(
    r"(Args|Arguments|Parameters|Params|Returns?|Yields?|Raises|Examples?|Notes?|Attributes)"
    r"\s*:?\s*$"
)
_GOOGLE = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)")
_NUMPY = re.compile(r"(\w+)\s*(?::.*)?$")
_SPHINX = re.compile(r":(?:param|parameter|arg)\s+(?:[\w\[\], .|]+\s+)?(\w+)\s*:\s*(.*)")
_FIELD = re.compile(r":\w+[^:]*:")


def read_docstring(text: str | None) -> tuple[str, dict[str, str]]:
    """The description, and those of parameters.

    >>> read_docstring("Gets a price.\\n\\nArgs:\\n    symbol: of the stock,\\n        as listed")
    ('Gets a price.', {'symbol': 'of the stock, as listed'})
    """
    if not text:
        return "", {}
    import inspect

    about: list[str] = []
    parameters: dict[str, list[str]] = {}
    section = ""
    current: list[str] | None = None
    indent = 0
    for line in inspect.cleandoc(text).splitlines():
        stripped = line.strip()
        depth = len(line) - len(line.lstrip())
        sphinx = _SPHINX.match(stripped)
        if depth == 0 and _SECTION.match(stripped):
            section, current, indent = stripped.rstrip(":").strip(), None, 0
        elif sphinx:
            section, indent = "Fields", depth
            current = parameters.setdefault(sphinx[1], [sphinx[2]])
        elif section == "Fields" and _FIELD.match(stripped):
            current = None
        elif section == "":
            about.append(line)
        elif set(stripped) <= {"-"}:
            continue  # a line under a heading of NumPy's, or an empty one
        elif section in ("Args", "Arguments", "Parameters", "Params"):
            pattern = _GOOGLE if depth and not indent else None
            indent = indent or depth
            if depth > indent or (depth and not _GOOGLE.match(stripped)):
                if current is not None:
                    current.append(stripped)
                continue
            pattern = _GOOGLE if depth else _NUMPY
            found = pattern.match(stripped)
            if found and depth:
                current = parameters.setdefault(found[1], [found[2]])
            elif found:
                current, indent = parameters.setdefault(found[1], []), 0
        elif current is not None and depth > indent:
            current.append(stripped)
    joined = {name: " ".join(filter(None, lines)) for name, lines in parameters.items()}
    return "\n".join(about).strip(), joined
