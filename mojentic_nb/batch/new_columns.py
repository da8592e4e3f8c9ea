"""From results to columns: values at their rows' places, with dtypes a reader may rely on.

Law: by place, never by index: an index may have equal entries. A row without a value has
NA, or NaN among measurements. Text is `string`, counts `Int64`, flags `boolean`, few words
`category`; what has no dtype is kept as plain data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from pydantic import BaseModel

from mojentic_nb.tracer.columns import frame_of
from mojentic_nb.tracer.plain import plain

if TYPE_CHECKING:
    from pandas import Index

__all__ = ["dtyped", "fields_of", "objects", "parts_of", "texts"]

VALUE = "value"
_JSON_KINDS: Mapping[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}


def texts(values: Sequence[str | None], index: Index[Any]) -> Any:
    """A Series of `string`."""
    column = frame_of("batch_column/1", {VALUE: "text"}, {VALUE: values})[VALUE]
    column.index = index
    column.name = None
    column.attrs = {}
    return column


def fields_of(target: Any) -> dict[str, Any]:
    """The columns that objects of a type become, each with its values' type."""
    if isinstance(target, type) and issubclass(target, BaseModel):
        return {name: one.annotation for name, one in target.model_fields.items()}
    if is_dataclass(target) or is_typeddict(target):
        return get_type_hints(target)
    if isinstance(target, Mapping):
        known = target.get("properties")
        if isinstance(known, Mapping):
            return {str(name): _of_schema(part) for name, part in known.items()}
        return {VALUE: _of_schema(target)}

    return {VALUE: target}


def _of_schema(part: Any) -> Any:
    if not isinstance(part, Mapping):
        return Any
    choices = part.get("enum")
    if choices and all(isinstance(one, str | int | bool) for one in choices):
        return Literal[tuple(choices)]

    kind = part.get("type")
    return _JSON_KINDS.get(kind, Any) if isinstance(kind, str) else Any


def parts_of(value: Any, names: Sequence[str]) -> list[Any]:
    """An object's values by the names of `fields_of`; nothing is left of what is None."""
    if isinstance(value, Mapping):
        return [value.get(name) for name in names] if names != [VALUE] else [value]
    if isinstance(value, BaseModel) or is_dataclass(value):
        return [getattr(value, name, None) for name in names]

    return [value]


def dtyped(values: Sequence[Any], kind: Any) -> Any:
    """Values as an array of the dtype that their type means."""
    import numpy
    import pandas

    bare = _bare(kind)
    if choices := _choices(bare):
        known = [one.value if isinstance(one, Enum) else one for one in values]
        return pandas.Categorical(known, categories=choices)
    if bare in (int, bool):
        try:
            made: Any = pandas.array(list(values), dtype="Int64" if bare is int else "boolean")
        except (OverflowError, TypeError, ValueError):
            pass  # a number of more than 64 bits: kept as it is
        else:
            return made
    if bare is float:
        return numpy.array([numpy.nan if one is None else one for one in values], numpy.float64)
    if bare is str:
        return texts(values, pandas.RangeIndex(len(values))).array
    if bare in (date, datetime):
        return _times(values)

    return objects([plain(one) for one in values])


def objects(values: Sequence[Any]) -> Any:
    """Values as an array of what they are; a list among them is one value."""
    import numpy

    made = numpy.empty(len(values), dtype=object)
    for at, one in enumerate(values):
        made[at] = one
    return made


def _times(values: Sequence[Any]) -> Any:
    import pandas

    try:
        return pandas.to_datetime(list(values)).array
    except (ValueError, TypeError, OverflowError):
        # Times with and without a zone, or beyond the years that pandas knows.
        return objects(values)


def _bare(kind: Any) -> Any:
    """A type without what only says more of it: `int | None` is int."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _bare(get_args(kind)[0])
    if origin in (Union, UnionType):
        rest = {_bare(one) for one in get_args(kind) if one is not NoneType}
        if rest == {int, float}:
            return float
        return rest.pop() if len(rest) == 1 else Any

    return kind


def _choices(kind: Any) -> list[Any]:
    """The values there are, where they are few and known."""
    if get_origin(kind) is Literal:
        return list(dict.fromkeys(one for one in get_args(kind) if one is not None))
    if isinstance(kind, type) and issubclass(kind, Enum):
        found = [one.value for one in kind]
        return found if all(isinstance(one, str | int | float) for one in found) else []

    return []
