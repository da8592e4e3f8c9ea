"""Whatever a program hands over, as plain data that JSON can hold.

Law: never raises and never loops: a trace takes what it gets. What cannot be told is told
by its type. Plain data comes back equal to what went in, as a copy.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from enum import Enum
from os import PathLike, fspath
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

__all__ = ["as_json", "error_words", "name_of", "object_json", "plain", "whole"]

# Deeper than any real argument; a list that holds itself ends here.
MOST_DEPTH = 24
TOO_DEEP = "…"


def plain(value: Any) -> Any:
    """The value as dicts, lists, texts, numbers, booleans and None.

    Of one that breaks as it is looked at (a strange `__repr__`), its class: nothing that is
    traced may fail for it.
    """
    try:
        return _plain(value, MOST_DEPTH)
    except Exception:
        return f"<{type(value).__name__}>"


def as_json(value: Any) -> str:
    """The value as one line of JSON."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))


def object_json(value: Any) -> str:
    """Arguments as a JSON object; those that are no object stand under `value`.

    Text that holds an object is taken at its word: models write their arguments so.
    """
    told = plain(value)
    if isinstance(told, str):
        told = _read_object(told)
    if told is None:
        told = {}

    return as_json(told if isinstance(told, dict) else {"value": told})


def _read_object(text: str) -> Any:
    try:
        read = json.loads(text)
    except ValueError:
        return text or None

    return read if isinstance(read, dict) else text


def error_words(problem: BaseException) -> str:
    """What an exception says, even one that cannot say it."""
    try:
        return str(problem)
    except Exception:
        return ""


def name_of(source: Any) -> str | None:
    """Who a thing is, as text: a class by its dotted name, None for nobody."""
    if source is None or isinstance(source, str):
        return source

    kind = source if isinstance(source, type) else type(source)
    return f"{kind.__module__}.{kind.__qualname__}"


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _plain(value.value, depth - 1)
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        # JSON has no word for these; text keeps them apart from a missing value.
        return float(value) if math.isfinite(value) else str(float(value))
    if depth <= 0:
        return TOO_DEEP

    return _compound(value, depth)


def whole(text: str) -> str:
    """The text, fit for a file: half of a surrogate pair is written as an escape."""
    return str(text) if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _compound(value: Any, depth: int) -> Any:
    if isinstance(value, BaseModel):
        return {
            name: _plain(part, depth - 1)
            for name, part in (*value.__dict__.items(), *(value.model_extra or {}).items())
        }
    if isinstance(value, SimpleNamespace):
        value = vars(value)
    if isinstance(value, Mapping):
        return {_key(name): _plain(part, depth - 1) for name, part in list(value.items())}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(part, depth - 1) for part in _in_order(value)]
    if is_dataclass(value) and not isinstance(value, type):
        named = {one.name: getattr(value, one.name, None) for one in fields(value)}
        return {name: _plain(part, depth - 1) for name, part in named.items()}

    return _scalar(value, depth)


def _in_order(value: Iterable[Any]) -> Iterable[Any]:
    return sorted(value, key=repr) if isinstance(value, set | frozenset) else tuple(value)


def _key(name: Any) -> str:
    return whole(str(name.value if isinstance(name, Enum) else name))


def _scalar(value: Any, depth: int) -> Any:
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {error_words(value)}"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value):,} bytes>"
    if isinstance(value, PathLike):
        return str(fspath(value))
    if isinstance(value, type):
        return name_of(value)
    # One number or text of numpy or pandas; their arrays have a shape that is not empty.
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return _plain(value.item(), depth - 1)
    has_own_repr = getattr(type(value), "__repr__", None) != object.__repr__
    return repr(value) if has_own_repr else _state(value, depth)


def _state(value: Any, depth: int) -> Any:
    """A simple object by its attributes; its own repr would only be an address."""
    state = getattr(value, "__dict__", None)
    if not isinstance(state, dict) or not state:
        return f"<{type(value).__name__}>"

    return {
        name: _plain(part, depth - 1) for name, part in state.items() if not name.startswith("_")
    }
