"""What of a Python value goes into a prompt.

Law: text stays whole, plain data becomes JSON, and everything else is described within a
bound; nothing here raises, consumes an iterator or imports the library a value comes from.
Frames, arrays and pictures are told in `data_summary.py`.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from itertools import islice
from pathlib import PurePath
from reprlib import Repr
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from uuid import UUID

from mojentic_nb.views.data_summary import data_summary, is_from
from mojentic_nb.views.markdown import bounded

__all__ = ["summarise"]

_CODE = (FunctionType, MethodType, BuiltinFunctionType, type)
_WRITTEN = (date, time, timedelta, Decimal, Fraction, PurePath, UUID, Enum)

# Below this many characters an item of a long list is only named, not described: it also
# ends the recursion into a list that contains itself.
_SMALLEST = 60


def summarise(value: object, limit: int = 2000) -> str:
    """Write a value as a prompt should hold it.

    Args:
        value: Anything at all. Text is returned whole, whatever its size: a person who puts
            a text into a prompt means all of it.
        limit: Characters for everything that is not text; approximate.
    """
    if isinstance(value, str):
        return str.__str__(value)

    try:
        return _written(value, limit)
    except Exception as problem:
        return f"<{_type_name(value)} that cannot be shown: {_told(problem)}>"


def _written(value: object, limit: int) -> str:
    if value is None or isinstance(value, bool | float | complex):
        return str(value)

    if isinstance(value, int):
        return _integer(value, limit)

    for says in (data_summary, _plain_text, _code, _record, _collection):
        text = says(value, limit)
        if text is not None:
            return text

    return bounded(repr(value), limit)


def _integer(value: int, limit: int) -> str:
    # Python refuses to print an integer of more than 4300 digits (CVE-2020-10735).
    if value.bit_length() > 3 * limit:
        return f"an integer of {value.bit_length():,} bits"

    return str(value)


def _plain_text(value: object, limit: int) -> str | None:
    if isinstance(value, bytes | bytearray | memoryview):
        size = value.nbytes if isinstance(value, memoryview) else len(value)
        return f"<{_type_name(value)}: {size:,} bytes, not text>"

    return bounded(str(value), limit) if isinstance(value, _WRITTEN) else None


# Functions, classes, modules


def _code(value: object, limit: int) -> str | None:
    if isinstance(value, ModuleType):
        return f"module {value.__name__}: {_first_line(value)}".removesuffix(": ")

    if not isinstance(value, _CODE):
        return None

    try:
        return bounded(inspect.getsource(value).rstrip(), limit)
    except (OSError, TypeError):
        return bounded(_signature(value), limit)


def _signature(value: Callable[..., object]) -> str:
    word = "class" if isinstance(value, type) else "def"
    name = getattr(value, "__qualname__", repr(value))
    try:
        head = f"{word} {name}{inspect.signature(value)}"
    except (ValueError, TypeError):
        head = f"{word} {name}(...)"

    about = _first_line(value)
    return f'{head}:\n    """{about}"""' if about else head


def _first_line(value: object) -> str:
    return (inspect.getdoc(value) or "").partition("\n")[0]


# Records: pydantic models, dataclasses, named tuples


def _record(value: object, limit: int) -> str | None:
    held = _fields(value)
    if held is None:
        return None

    text = _json(held, limit)
    return text if text is not None else f"{_type_name(value)} {_described(held, limit)}"


def _fields(value: object) -> Mapping[str, object] | None:
    """What a record holds; fields its author hid from `repr` (keys, mostly) stay hidden."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value) if field.repr}

    declared = getattr(type(value), "model_fields", None)
    if isinstance(declared, dict) and is_from(value, "pydantic", "BaseModel"):
        return {name: getattr(value, name) for name, about in declared.items() if about.repr}

    names = getattr(type(value), "_fields", None)
    if isinstance(value, tuple) and isinstance(names, tuple):
        return dict(zip(names, value, strict=True))

    return None


# Lists, dicts, sets


def _collection(value: object, limit: int) -> str | None:
    if not isinstance(value, list | tuple | Set | Mapping):
        return None

    text = _json(value, limit)
    return text if text is not None else f"{_type_name(value)} {_described(value, limit)}"


def _json(value: object, limit: int) -> str | None:
    """The value as JSON, or None when it is not plain data or does not fit."""
    pieces: list[str] = []
    size = 0
    try:
        # iterencode stops early: a list of ten million numbers is not written to be measured.
        for piece in json.JSONEncoder(ensure_ascii=False, default=_plain).iterencode(value):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                return None
    except (TypeError, ValueError, RecursionError):
        return None

    return "".join(pieces)


def _plain(value: object) -> object:
    """What JSON should hold for a value it does not know."""
    if isinstance(value, _WRITTEN):
        return str(value)

    if isinstance(value, Set):
        return _in_order(value)

    held = _fields(value)
    if held is not None:
        return held

    if isinstance(value, Mapping):
        return dict(value)

    if is_from(value, "numpy", "generic"):
        return value.item()  # type: ignore[attr-defined]

    raise TypeError(f"{_type_name(value)} is not plain data")


def _in_order(value: Iterable[object]) -> list[object]:
    try:
        return sorted(value)  # type: ignore[type-var]
    except TypeError:
        return list(value)


def _described(value: Iterable[object], limit: int) -> str:
    """The size of a collection and as many of its items as fit, each bounded."""
    size = len(value)  # type: ignore[arg-type]
    opening, closing = ("{", "}") if isinstance(value, Set | Mapping) else ("[", "]")
    pairs = value.items() if isinstance(value, Mapping) else ((None, item) for item in value)
    shown: list[str] = []
    room = limit - 60  # for the words around the items
    for key, item in islice(pairs, max(limit // 2, 1)):
        written = _item(item, limit // 4)
        piece = f"{_short.repr(key)}: {written}" if isinstance(value, Mapping) else written
        room -= len(piece) + 2
        if room < 0 and shown:
            break

        shown.append(piece)

    rest = ", …" if len(shown) < size else ""
    told = f"of {size:,} item{'' if size == 1 else 's'}" + (
        f", the first {len(shown):,}" if rest else ""
    )
    return f"{told}: {opening}{', '.join(shown)}{rest}{closing}"


def _item(item: object, limit: int) -> str:
    if limit < _SMALLEST:
        return _short.repr(item)

    if isinstance(item, str):
        return bounded(json.dumps(item, ensure_ascii=False), limit)

    return summarise(item, limit)


class _Short(Repr):
    """Python's bounded repr, which never reads more of a value than it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 60


_short = _Short()


def _type_name(value: object) -> str:
    return type(value).__name__


def _told(problem: BaseException) -> str:
    try:
        return bounded(f"{_type_name(problem)}: {problem}", 200)
    except Exception:  # an exception may fail to say what it is
        return _type_name(problem)
