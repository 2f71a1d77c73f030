"""Schemas of types, and values from JSON."""

import datetime
import decimal
import enum
import pathlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple, Optional, TypedDict, Union

import pytest

import cloche
from cloche._schema import SchemaMaker


def schema_of(kind: Any) -> dict[str, Any]:
    return SchemaMaker().make(kind, "it")[0]


def value_of(kind: Any, value: Any) -> Any:
    convert = SchemaMaker().make(kind, "it")[1]
    return value if convert is None else convert(value)


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Opaque(enum.Enum):
    A = object()


class Point(NamedTuple):
    x: int
    y: float = 0.0


class Movie(TypedDict, total=False):
    title: str
    year: int


@dataclass
class Leaf:
    value: int


@dataclass
class Tree:
    leaf: Leaf
    children: "list[Tree]" = field(default_factory=list)


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (None, {"type": "null"}),
        (bool, {"type": "boolean"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (str, {"type": "string"}),
        (Any, {}),
        (list, {"type": "array"}),
        (Sequence[int], {"type": "array", "items": {"type": "integer"}}),
        (set[str], {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
        (Mapping[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Literal["a", 1, None], {"enum": ["a", 1, None]}),
        (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (Union[int, str], {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (Color, {"enum": ["red", "blue"]}),
        (Opaque, {"enum": ["A"]}),
        (datetime.date, {"type": "string", "format": "date"}),
        (Annotated[int, "how many"], {"type": "integer", "description": "how many"}),
        (
            Movie,
            {
                "type": "object",
                "properties": {"title": {"type": "string"}, "year": {"type": "integer"}},
                "additionalProperties": False,
            },
        ),
    ],
)
def test_schemas(kind: Any, schema: dict[str, Any]) -> None:
    assert schema_of(kind) == schema


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        (Color, "red", Color.RED),
        (Level, 2, Level.HIGH),
        (set[int], [1, 2], {1, 2}),
        (tuple[int, ...], [1, 2], (1, 2)),
        (tuple[int, Color], [1, "blue"], (1, Color.BLUE)),
        (Point, [1, 2.0], Point(1, 2.0)),
        (dict[str, Color], {"a": "red"}, {"a": Color.RED}),
        (Optional[Color], None, None),
        (Union[Color, int], 3, 3),
        (Union[Leaf, Color], {"value": 1}, Leaf(1)),
        (datetime.datetime, "2026-01-02T03:04:05Z",
         datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)),
        (decimal.Decimal, "1.10", decimal.Decimal("1.10")),
        (uuid.UUID, "12345678-1234-5678-1234-567812345678",
         uuid.UUID("12345678-1234-5678-1234-567812345678")),
        (pathlib.Path, "/a", pathlib.Path("/a")),
        (Tree, {"leaf": {"value": 1}, "children": [{"leaf": {"value": 2}}]},
         Tree(Leaf(1), [Tree(Leaf(2))])),
    ],
)
def test_values(kind: Any, given: Any, value: Any) -> None:
    assert value_of(kind, given) == value


def test_a_type_that_holds_itself_is_a_definition() -> None:
    maker = SchemaMaker()
    assert maker.make(Tree, "it")[0] == {"$ref": "#/$defs/Tree"}
    children = maker.definitions["Tree"]["properties"]["children"]
    assert children["items"] == {"$ref": "#/$defs/Tree"}

    def plant(tree: Tree) -> int:
        return len(tree.children)

    with cloche.Sandbox(tools=[plant], grants=["plant"]) as sandbox:
        tree = '{"tree": {"leaf": {"value": 1}, "children": [{"leaf": {"value": 2}}]}}'
        assert sandbox.run(["tool", "call", "plant", "--json", tree]).stdout == "1\n"


@pytest.mark.parametrize("kind", [bytes, dict[int, str], complex, type, object()])
def test_types_without_json(kind: Any) -> None:
    with pytest.raises(cloche.ArgumentError, match="it: "):
        schema_of(kind)


def test_signatures() -> None:
    def good(a: int, b: str = "x", *, c: Color = Color.RED, **others: int) -> None: ...

    tool = cloche.Tool(good)
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "a": {"type": "integer"},
            "b": {"type": "string", "default": "x"},
            "c": {"enum": ["red", "blue"], "default": "red"},
        },
        "required": ["a"],
        "additionalProperties": {"type": "integer"},
    }
    assert tool.result == {"type": "null"}

    def positional(a: int, /) -> None: ...

    def several(*a: int) -> None: ...

    def unknown(a: "NoSuchType") -> None: ...  # type: ignore[name-defined]  # noqa: F821

    for bad in (positional, several, unknown):
        with pytest.raises(cloche.ArgumentError):
            cloche.Tool(bad)


def test_docstrings_of_three_styles() -> None:
    def google(a: int) -> None:
        """Does it.

        Args:
            a (int): the number,
                whole
        Returns:
            nothing
        """

    def numpy(a: int) -> None:
        """Does it.

        Parameters
        ----------
        a : int
            the number,
            whole
        """

    def sphinx(a: int) -> None:
        """Does it.

        :param a: the number,
            whole
        :returns: nothing
        """

    for function in (google, numpy, sphinx):
        tool = cloche.Tool(function)
        assert tool.description == "Does it."
        assert tool.parameters is not None
        assert tool.parameters["properties"]["a"]["description"] == "the number, whole"
