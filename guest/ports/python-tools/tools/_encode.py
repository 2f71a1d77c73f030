"""Values of Python as JSON, for parameters (docs/python.md, "Tools").

What JSON knows is written by json; this module says what becomes of all else. Modules whose types it knows
are not imported: where a value of theirs is, they are.
"""

import json
import sys

_MAX_DEPTH = 200  # of values in one another beside a Decimal; the device takes less


class _HasDecimal(Exception):
    """json cannot write a Decimal as the number that it is."""


def _decimal(value):
    raise _HasDecimal


def _base64(value):
    import base64
    return base64.b64encode(value).decode()


def _sorted(value):
    try:
        return sorted(value)
    except TypeError:
        return list(value)


_FORMS = {
    ("builtins", "bytes"): _base64,
    ("builtins", "bytearray"): _base64,
    ("builtins", "memoryview"): _base64,
    ("builtins", "set"): _sorted,
    ("builtins", "frozenset"): _sorted,
    ("datetime", "date"): lambda value: value.isoformat(),  # datetime is one
    ("datetime", "time"): lambda value: value.isoformat(),
    ("decimal", "Decimal"): _decimal,
    ("enum", "Enum"): lambda value: value.value,
    ("uuid", "UUID"): str,
}


def _plain(value):
    """What to write in place of a value that is none of JSON's: a value again."""
    kind = type(value)
    for base in kind.__mro__:
        form = _FORMS.get((base.__module__, base.__name__))
        if form is not None:
            return form(value)
    if hasattr(kind, "__fspath__"):
        return value.__fspath__()
    for method in ("model_dump", "tolist"):  # of pydantic's models; of arrays
        if hasattr(kind, method):
            return getattr(value, method)()
    if hasattr(kind, "__dataclass_fields__"):
        return {field.name: getattr(value, field.name) for field in sys.modules["dataclasses"].fields(value)}
    if hasattr(kind, "keys"):
        return dict(value)
    if hasattr(kind, "__iter__") and hasattr(kind, "__len__"):
        return list(value)
    raise TypeError(f"a value of type {kind.__name__} has no form in JSON")


_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode


def _exact(value, depth=0):
    """As `_json`, with Decimals as numbers of all their digits."""
    if depth > _MAX_DEPTH:
        raise ValueError("values are nested too deeply")
    kind = type(value)
    if kind.__name__ == "Decimal" and kind.__module__ == "decimal":
        if not value.is_finite():
            raise ValueError(f"Decimal({str(value)!r}) is no number of JSON")
        return str(value)
    if isinstance(value, dict):
        members = (f"{_json({key: 0})[1:-3]}:{_exact(member, depth + 1)}" for key, member in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_exact(item, depth + 1) for item in value) + "]"
    if value is None or isinstance(value, (str, int, float)):
        return _json(value)
    return _exact(_plain(value), depth + 1)


def _text(value):
    try:
        return _json(value)
    except _HasDecimal:
        return _exact(value)


def _bytes(value):
    return _text(value).encode()


def _blame(tool, parameters):
    """Raises the error of the first parameter that has one, and names it."""
    for name, value in parameters.items():
        try:
            _bytes(value)
        except UnicodeEncodeError:
            raise ValueError(f"{tool}: parameter {name!r}: half of a surrogate pair is no text") from None
        except (TypeError, ValueError) as error:
            raise type(error)(f"{tool}: parameter {name!r}: {error}") from None


def _as_dict(tool, value):
    try:
        plain = None if isinstance(value, (str, list, tuple, int, float)) else _plain(value)
    except (TypeError, _HasDecimal):
        plain = None
    if isinstance(plain, dict):
        return plain
    raise TypeError(f"{tool}: parameters are one dict, not {type(value).__name__}")


def parameters(tool, value):
    """The parameters of a call as UTF-8. TypeError, ValueError: what they are cannot be written as JSON."""
    if not value and type(value) is dict:
        return b"{}"
    if not isinstance(value, dict):
        value = _as_dict(tool, value)
    for name in value:
        if not isinstance(name, str):
            raise TypeError(f"{tool}: the name of a parameter must be a str, not {type(name).__name__}")
    try:
        return _bytes(value)
    except (TypeError, ValueError):
        _blame(tool, value)
        raise
