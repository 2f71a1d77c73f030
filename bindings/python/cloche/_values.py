"""Values of Python as the words that policies and limits have for them."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Union

from ._errors import ArgumentError, ArgumentTypeError

Duration = Union[str, int, float, timedelta]
Size = Union[str, int]
Text = Union[str, bytes]
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

_UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_LONGEST_NS = 365 * 24 * 3600 * 10**9
# Far more than any sandbox takes: what is longer is not even looked at.
MAX_TEXT = 1 << 30


def type_error(what: str, value: object, expected: str) -> ArgumentTypeError:
    return ArgumentTypeError(f"{what} is {type(value).__name__}; it must be {expected}")


def nanoseconds(what: str, value: Duration) -> int:
    """``"5s"``, 5, 5.0 or a timedelta, as nanoseconds; 0 stands for no limit."""
    if isinstance(value, str):
        return _parse_duration(what, value)
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise type_error(what, value, "seconds, a text such as '500ms', or a timedelta")
    if not 0 <= value * 10**9 <= _LONGEST_NS:  # NaN is not, either
        raise ArgumentError(f"{what} is {value}; it must be from 0 (none) to a year, in seconds")
    return int(value * 10**9)


def _parse_duration(what: str, text: str) -> int:
    if text in ("none", "0"):
        return 0
    number = text.rstrip("nsumh")
    unit = _UNITS.get(text[len(number) :])
    if unit is None or not (number.isascii() and number.isdigit()) or len(number) > 18:
        raise ArgumentError(
            f"{what} is {text[:40]!r}; it must be a whole number and ns, us, ms, s, m or h"
        )
    if int(number) * unit > _LONGEST_NS:
        raise ArgumentError(f"{what} is {text[:40]!r}, more than a year")
    return int(number) * unit


def encode(what: str, text: Text) -> bytes:
    """Text as UTF-8; bytes, and what ``os.fsdecode`` made of bytes, as they are."""
    if isinstance(text, bytes):
        data = text
    elif isinstance(text, str):
        _check_length(what, len(text))
        try:
            data = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise ArgumentError(
                f"{what} holds a lone surrogate at {error.start}, which no text in UTF-8 can hold",
                "pass bytes, or encode the text with errors='replace' before",
            ) from None
    else:
        raise type_error(what, text, "str or bytes")
    _check_length(what, len(data))
    return data


def _check_length(what: str, length: int) -> None:
    if length > MAX_TEXT:
        raise ArgumentError(
            f"{what} has {length} characters; at most {MAX_TEXT} can be passed at once",
            "put it into a file and mount that",
        )


def encode_name(what: str, text: Text) -> bytes:
    """As ``encode``, for what the system ends at a NUL byte."""
    data = encode(what, text)
    if b"\0" in data:
        raise ArgumentError(f"{what} holds a NUL byte")
    return data


def encode_path(what: str, path: Path) -> bytes:
    """A path of the host or the guest."""
    try:
        return encode_name(what, os.fspath(path))
    except TypeError:
        raise type_error(what, path, "str, bytes or a path") from None


def checked_text(what: str, text: object, longest: int = MAX_TEXT) -> str:
    """A str that UTF-8 can hold."""
    if not isinstance(text, str):
        raise type_error(what, text, "str")
    if len(text) > longest:
        raise ArgumentError(f"{what} has {len(text)} characters; at most {longest} are taken")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(f"{what} holds a lone surrogate at {error.start}") from None
    return text
