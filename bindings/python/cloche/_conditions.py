"""Conditions on parameters of tools, for ``Grant(where=...)``: docs/capabilities.md says what each
means. A plain value stands for ``eq(value)``; a dict is taken as a policy has it.

>>> gt(0) & le(100)
{'gt': 0, 'le': 100}
>>> one_of("EUR", "USD")
{'in': ['EUR', 'USD']}
>>> optional(max_length(80))
{'max_length': 80, 'optional': True}
"""

from __future__ import annotations

from typing import Any


class Condition(dict[str, Any]):
    """Operators that must all hold. ``a & b`` joins two."""

    def __and__(self, other: dict[str, Any]) -> Condition:
        if not isinstance(other, dict):
            return NotImplemented
        if self.keys() & other.keys():
            return Condition(all=[dict(self), dict(other)])
        return Condition({**self, **other})

    def __or__(self, other: dict[str, Any]) -> Condition:  # type: ignore[override]
        """Of a condition and another one holds: ``any_of(a, b)``."""
        if not isinstance(other, dict):
            return NotImplemented
        return any_of(self, other)


def eq(value: Any) -> Condition:
    return Condition(eq=value)


def ne(value: Any) -> Condition:
    return Condition(ne=value)


def lt(value: float) -> Condition:
    return Condition(lt=value)


def le(value: float) -> Condition:
    return Condition(le=value)


def gt(value: float) -> Condition:
    return Condition(gt=value)


def ge(value: float) -> Condition:
    return Condition(ge=value)


def between(least: float, most: float) -> Condition:
    """From ``least`` to ``most``, both included."""
    return Condition(ge=least, le=most)


def one_of(*values: Any) -> Condition:
    return Condition({"in": list(values)})


def not_in(*values: Any) -> Condition:
    return Condition(not_in=list(values))


def starts_with(text: str) -> Condition:
    return Condition(starts_with=text)


def ends_with(text: str) -> Condition:
    return Condition(ends_with=text)


def contains(part: Any) -> Condition:
    return Condition(contains=part)


def min_length(length: int) -> Condition:
    return Condition(min_length=length)


def max_length(length: int) -> Condition:
    return Condition(max_length=length)


def matches(pattern: str) -> Condition:
    """Strings that the pattern (RE2 syntax) matches as a whole."""
    return Condition(matches=pattern)


def under(folder: str) -> Condition:
    """Absolute paths strictly beneath the folder."""
    return Condition(under=folder)


def host_in(*hosts: str) -> Condition:
    """URLs whose host is one of these; ``*.example.org`` is any name beneath it."""
    return Condition(host_in=list(hosts))


def all_of(*conditions: Any) -> Condition:
    return Condition(all=[as_condition(condition) for condition in conditions])


def any_of(*conditions: Any) -> Condition:
    return Condition(any=[as_condition(condition) for condition in conditions])


def not_(condition: Any) -> Condition:
    return Condition({"not": as_condition(condition)})


def exists(there: bool = True) -> Condition:
    return Condition(exists=there)


def optional(condition: Any) -> Condition:
    """May be left out; the condition holds if it is there."""
    return Condition({**as_condition(condition), "optional": True})


def as_condition(value: Any) -> dict[str, Any]:
    """A condition as it is, a plain value as ``eq``."""
    return dict(value) if isinstance(value, dict) else {"eq": value}
