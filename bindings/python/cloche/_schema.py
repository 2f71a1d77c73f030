"""JSON Schemas of types, and the way from JSON to values of these types.

Known are ``None``, ``bool``, ``int``, ``float``, ``str``, ``Any``, ``Literal``, ``Enum``,
``Optional`` and unions, lists, tuples, sets, dicts, ``TypedDict``, named tuples, dataclasses,
``datetime``, ``date``, ``time``, ``Decimal``, ``UUID``, paths, ``Annotated`` with a text (its
description), and all that pydantic knows where pydantic has a part in it.
"""

from __future__ import annotations

import collections.abc as abc
import dataclasses
import datetime
import decimal
import enum
import pathlib
import sys
import types
import typing
import uuid
from collections.abc import Callable
from typing import Any, Optional

from ._errors import ArgumentError

Convert = Optional[Callable[[Any], Any]]  # None: the value is what JSON made of it

_PLAIN: dict[Any, dict[str, Any]] = {
    None: {"type": "null"},
    type(None): {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    Any: {},
    object: {},
    list: {"type": "array"},
    tuple: {"type": "array"},
    dict: {"type": "object"},
}


def _text(format_name: str) -> dict[str, Any]:
    return {"type": "string", "format": format_name}


def _iso(kind: Any) -> Callable[[Any], Any]:
    # "Z" is understood from Python 3.11 on only.
    return lambda text: kind.fromisoformat(text[:-1] + "+00:00" if text[-1:] in "zZ" else text)


_TEXTS: dict[Any, tuple[dict[str, Any], Convert]] = {
    datetime.datetime: (_text("date-time"), _iso(datetime.datetime)),
    datetime.date: (_text("date"), datetime.date.fromisoformat),
    datetime.time: (_text("time"), _iso(datetime.time)),
    uuid.UUID: (_text("uuid"), uuid.UUID),
    pathlib.Path: ({"type": "string"}, pathlib.Path),
    pathlib.PurePath: ({"type": "string"}, pathlib.PurePath),
    pathlib.PurePosixPath: ({"type": "string"}, pathlib.PurePosixPath),
    decimal.Decimal: ({"type": ["number", "string"]}, lambda value: decimal.Decimal(str(value))),
}

_SEQUENCES = (list, abc.Sequence, abc.MutableSequence, abc.Iterable, abc.Collection)
_SETS = (set, frozenset, abc.Set, abc.MutableSet)
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)


def _is_pydantic(thing: object) -> bool:
    kind = thing if isinstance(thing, type) else type(thing)
    return any(
        base.__module__.split(".")[0] in ("pydantic", "annotated_types") for base in kind.__mro__
    )


def _is_typed_dict(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, dict) and hasattr(kind, "__required_keys__")


def hints_of(thing: Any, what: str) -> dict[str, Any]:
    """Type hints with forward references resolved."""
    try:
        return typing.get_type_hints(thing, include_extras=True)
    except Exception as error:  # whatever the annotation does when it is evaluated
        raise ArgumentError(f"the type hints of {what} cannot be resolved: {error}") from error


class SchemaMaker:
    """Makes the schemas of one tool, which share ``definitions``."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}
        self._open: dict[Any, str] = {}  # classes that are being described
        self._referred: set[str] = set()
        self._converters: dict[str, Convert] = {}

    def make(self, kind: Any, what: str) -> tuple[dict[str, Any], Convert]:
        """The schema of a type. Errors: ``ArgumentError``, which says where ``what`` is."""
        if isinstance(kind, (type, type(None))) or kind is Any:
            if kind in _PLAIN:
                return dict(_PLAIN[kind]), None
            if kind in _TEXTS:
                schema, convert = _TEXTS[kind]
                return dict(schema), convert
        origin = typing.get_origin(kind)
        if origin is typing.Annotated:
            return self._annotated(kind, what)
        if origin is not None:
            return self._generic(kind, origin, typing.get_args(kind), what)
        if isinstance(kind, typing.NewType):
            return self.make(kind.__supertype__, what)
        if isinstance(kind, typing.TypeVar):
            return self.make(kind.__bound__ or Any, what)
        if type(kind).__name__ == "TypeAliasType":
            return self.make(kind.__value__, what)
        if isinstance(kind, type):
            return self._class(kind, what)
        raise _unknown(kind, what)

    def _annotated(self, kind: Any, what: str) -> tuple[dict[str, Any], Convert]:
        inner, *notes = typing.get_args(kind)
        if any(_is_pydantic(note) for note in notes):
            return self._pydantic(kind)
        schema, convert = self.make(inner, what)
        texts = [note for note in notes if isinstance(note, str)]
        if texts:
            schema["description"] = " ".join(texts)
        return schema, convert

    def _generic(
        self, kind: Any, origin: Any, args: tuple[Any, ...], what: str
    ) -> tuple[dict[str, Any], Convert]:
        if origin is typing.Literal:
            return self._literal(args, what)
        if origin is typing.Union or origin is getattr(types, "UnionType", None):
            return self._union(args, what)
        if origin is tuple:
            return self._tuple(args, what)
        if origin in _SEQUENCES or origin in _SETS:
            return self._sequence(origin, args[0], what)
        if origin in _MAPPINGS:
            return self._mapping(args, what)
        if getattr(origin, "_name", None) in ("Required", "NotRequired"):
            return self.make(args[0], what)
        if _is_pydantic(origin):
            return self._pydantic(kind)
        raise _unknown(kind, what)

    def _literal(self, values: tuple[Any, ...], what: str) -> tuple[dict[str, Any], Convert]:
        if any(isinstance(value, enum.Enum) for value in values):
            names = {value.value: value for value in values}
            return {"enum": list(names)}, names.__getitem__
        if not all(value is None or isinstance(value, (str, int, bool)) for value in values):
            raise ArgumentError(f"{what}: a Literal of bytes has no JSON")
        return {"enum": list(values)}, None

    def _union(self, kinds: tuple[Any, ...], what: str) -> tuple[dict[str, Any], Convert]:
        made = [self.make(kind, what) for kind in kinds]
        converts = [convert for _, convert in made]
        schema = {"anyOf": [schema for schema, _ in made]}
        if all(convert is None for convert in converts):
            return schema, None
        return schema, lambda value: _first(made, value)

    def _tuple(self, kinds: tuple[Any, ...], what: str) -> tuple[dict[str, Any], Convert]:
        if len(kinds) == 2 and kinds[1] is Ellipsis:
            schema, convert = self.make(kinds[0], what)
            return {"type": "array", "items": schema}, lambda value: tuple(_each(value, convert))
        made = [self.make(kind, what) for kind in kinds]
        return (
            {
                "type": "array",
                "prefixItems": [schema for schema, _ in made],
                "minItems": len(made),
                "maxItems": len(made),
            },
            lambda value: tuple(_apply(c, item) for (_, c), item in zip(made, value)),
        )

    def _sequence(self, origin: Any, kind: Any, what: str) -> tuple[dict[str, Any], Convert]:
        item, convert = self.make(kind, what)
        schema: dict[str, Any] = {"type": "array", "items": item}
        if origin in _SETS:
            schema["uniqueItems"] = True
            made = frozenset if origin is frozenset else set
            return schema, lambda value: made(_each(value, convert))
        return schema, (None if convert is None else lambda value: list(_each(value, convert)))

    def _mapping(self, kinds: tuple[Any, ...], what: str) -> tuple[dict[str, Any], Convert]:
        if kinds[0] is not str:
            raise ArgumentError(f"{what}: the keys of a dict are str in JSON, not {kinds[0]}")
        item, convert = self.make(kinds[1], what)
        schema = {"type": "object", "additionalProperties": item or True}
        if convert is None:
            return schema, None
        return schema, lambda value: {key: convert(item) for key, item in value.items()}

    def _class(self, kind: type, what: str) -> tuple[dict[str, Any], Convert]:
        if kind in self._open:
            name = self._open[kind]
            self._referred.add(name)
            return {"$ref": f"#/$defs/{name}"}, lambda value: _apply(self._converters[name], value)
        if issubclass(kind, enum.Enum):
            return self._enum(kind, what)
        if _is_pydantic(kind) or hasattr(kind, "__pydantic_core_schema__"):
            return self._pydantic(kind)
        if dataclasses.is_dataclass(kind):
            return self._closed(kind, what, self._dataclass)
        if _is_typed_dict(kind):
            return self._closed(kind, what, self._typed_dict)
        if issubclass(kind, tuple) and hasattr(kind, "_fields"):
            hints = hints_of(kind, what)
            fields = [hints.get(name, Any) for name in kind._fields]
            schema, convert = self._tuple(tuple(fields), what)
            return schema, lambda value: kind(*_apply(convert, value))
        for base in (str, int, float):
            if issubclass(kind, base):
                return dict(_PLAIN[base]), kind
        raise _unknown(kind, what)

    def _enum(self, kind: type[enum.Enum], what: str) -> tuple[dict[str, Any], Convert]:
        values = [member.value for member in kind]
        if not values:
            raise ArgumentError(f"{what}: {kind.__name__} has no members")
        if all(isinstance(value, (str, int, float, bool)) for value in values):
            return {"enum": values}, kind
        return {"enum": [member.name for member in kind]}, kind.__getitem__

    def _closed(
        self, kind: type, what: str, make: Callable[[Any, str], tuple[dict[str, Any], Convert]]
    ) -> tuple[dict[str, Any], Convert]:
        """An object that may hold itself: then it is a definition."""
        name = kind.__name__
        while name in self.definitions or name in self._open.values():
            name += "_"
        self._open[kind] = name
        try:
            schema, convert = make(kind, what)
        finally:
            del self._open[kind]
        if name not in self._referred:
            return schema, convert
        self.definitions[name] = schema
        self._converters[name] = convert
        return {"$ref": f"#/$defs/{name}"}, convert

    def _dataclass(self, kind: Any, what: str) -> tuple[dict[str, Any], Convert]:
        hints = hints_of(kind, kind.__name__)
        properties, required, converts = {}, [], {}
        for field in dataclasses.fields(kind):
            if not field.init:
                continue
            schema, converts[field.name] = self.make(hints[field.name], f"{what}.{field.name}")
            if field.default is not dataclasses.MISSING:
                put_default(schema, field.default)
            elif field.default_factory is dataclasses.MISSING:
                required.append(field.name)
            properties[field.name] = schema
        return object_schema(properties, required), lambda value: kind(
            **{key: _apply(converts[key], item) for key, item in value.items()}
        )

    def _typed_dict(self, kind: Any, what: str) -> tuple[dict[str, Any], Convert]:
        hints = hints_of(kind, kind.__name__)
        made = {name: self.make(hint, f"{what}.{name}") for name, hint in hints.items()}
        properties = {name: schema for name, (schema, _) in made.items()}
        required = [name for name in hints if name in kind.__required_keys__]
        return object_schema(properties, required), lambda value: {
            key: _apply(made[key][1], item) for key, item in value.items()
        }

    def _pydantic(self, kind: Any) -> tuple[dict[str, Any], Convert]:
        import pydantic

        adapter: Any = pydantic.TypeAdapter(kind)
        prefix = f"p{len(self.definitions)}."
        schema: dict[str, Any] = adapter.json_schema(ref_template=f"#/$defs/{prefix}{{model}}")
        for name, definition in schema.pop("$defs", {}).items():
            self.definitions[prefix + name] = definition
        return schema, adapter.validate_python


def _unknown(kind: Any, what: str) -> ArgumentError:
    return ArgumentError(
        f"{what}: there is no JSON for {kind!r}",
        "use a type that cloche knows, or give cloche.tool(parameters=...) a schema",
    )


def _apply(convert: Convert, value: Any) -> Any:
    return value if convert is None else convert(value)


def _each(values: Any, convert: Convert) -> Any:
    return values if convert is None else map(convert, values)


_JSON_TYPES: dict[str, Any] = {
    "null": type(None),
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "string": str,
    "array": list,
    "object": dict,
}


def _may_be(schema: dict[str, Any], value: Any) -> bool:
    """Whether a value that one part of a union takes can be of this part, at first sight."""
    if "enum" in schema:
        return value in schema["enum"]
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(isinstance(value, _JSON_TYPES[name]) for name in names):
        return False
    if isinstance(value, dict) and schema.get("additionalProperties") is False:
        known = schema.get("properties", {})
        return all(name in known for name in value) and all(
            name in value for name in schema.get("required", [])
        )
    return True


def _first(made: list[tuple[dict[str, Any], Convert]], value: Any) -> Any:
    """What the first part of a union that takes the value makes of it."""
    problem: Exception | None = None
    for schema, convert in made:
        if not _may_be(schema, value):
            continue
        try:
            return _apply(convert, value)
        except Exception as error:  # noqa: BLE001 - another part may take it
            problem = error
    if problem is not None:
        raise problem
    return value


def object_schema(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    schema["additionalProperties"] = False
    return schema


def put_default(schema: dict[str, Any], default: Any) -> None:
    """Says what the default is, if JSON can."""
    if isinstance(default, enum.Enum):
        default = default.value
    if default is None or isinstance(default, (bool, int, float, str)):
        schema["default"] = default


def to_plain(value: Any) -> Any:
    """For ``json.dumps(default=...)``: what JSON does not know by itself."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if hasattr(value, "model_dump") and "pydantic" in sys.modules:
        return value.model_dump(mode="json")
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (uuid.UUID, pathlib.PurePath, decimal.Decimal)):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    raise TypeError(f"a {type(value).__name__} is no JSON")
