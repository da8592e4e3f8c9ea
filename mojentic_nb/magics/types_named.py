"""What TYPE means in `%%structured TYPE`: a class here, a type built of some, or fields.

Law: the text is parsed, never evaluated: only names, attributes, brackets and `|` mean
anything, so that a prompt's author cannot run code by naming a type.
"""

from __future__ import annotations

import ast
import datetime
import typing
from collections.abc import Mapping
from difflib import get_close_matches
from types import GenericAlias
from typing import Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.schema_line import model_from_line

__all__ = ["type_named"]

# Known without an import in the notebook; what the notebook defines goes before.
_KNOWN: dict[str, Any] = {
    **{kind.__name__: kind for kind in (str, int, float, bool, list, dict, set, tuple)},
    **{name: getattr(typing, name) for name in ("Any", "Literal", "Optional", "Union")},
    **{name: getattr(datetime, name) for name in ("date", "datetime", "time", "timedelta")},
    "None": None,
}
_SPECIAL = (type, GenericAlias, type(list[int] | None), typing.TypeVar)


class _NotAType(Exception):
    """The text is no type expression; `name` is what leads nowhere, if that is why."""

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self.name = name


def type_named(text: str, namespace: Mapping[str, Any]) -> Any:
    """Find or make the type that a line names.

    Raises:
        BadArgument: It names no class, and is no line of fields.
    """
    text = text.strip()
    if not text:
        raise BadArgument(
            "%%structured was not told what to make.",
            hint="Write a class, list[Person], or fields such as: name, age int",
        )

    try:
        return _built(ast.parse(text, mode="eval").body, namespace)
    except (SyntaxError, ValueError, RecursionError):
        pass
    except _NotAType as problem:
        if _is_meant_as_class(text, problem.name):
            raise _no_such_class(problem.name, namespace) from None
    except TypeError as problem:
        raise BadArgument(f"{text} is not a type: {problem}") from None

    return model_from_line(text)


def _is_meant_as_class(text: str, name: str) -> bool:
    # `Persn` and `list[Persn]` are slips; `name` and `name, age int` are fields.
    return bool(name) and (name[:1].isupper() or "[" in text) and "," not in text


def _no_such_class(name: str, namespace: Mapping[str, Any]) -> BadArgument:
    classes = [one for one in namespace if isinstance(namespace[one], type)]
    close = get_close_matches(name, [*classes, *_KNOWN], n=1)
    hint = f"Did you mean {close[0]}?" if close else "Define it in a cell above."
    return BadArgument(f"There is no class {name} here.", hint=hint)


def _built(node: ast.expr, namespace: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            return _looked_up(name, namespace)
        case ast.Constant(value=None):
            return None
        case ast.Attribute(value=owner, attr=name) if not name.startswith("_"):
            return _attribute(owner, name, namespace)
        case ast.Subscript(value=outer, slice=inner):
            return _subscripted(_built(outer, namespace), inner, namespace)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return typing.Union[_built(left, namespace), _built(right, namespace)]  # noqa: UP007
        case _:
            raise _NotAType


def _looked_up(name: str, namespace: Mapping[str, Any]) -> Any:
    found = namespace.get(name, _KNOWN.get(name))
    is_type = isinstance(found, _SPECIAL) or typing.get_origin(found) is not None
    is_type = is_type or type(found).__name__ == "TypeAliasType"  # `type People = …`, from 3.12 on
    if is_type or (name in _KNOWN and name not in namespace) or found is _KNOWN.get(name, ...):
        return found
    if isinstance(found, Mapping) and ("properties" in found or "type" in found):
        return found  # a JSON schema

    raise _NotAType(name)


def _attribute(owner: ast.expr, name: str, namespace: Mapping[str, Any]) -> Any:
    if not isinstance(owner, ast.Name) or owner.id not in namespace:
        raise _NotAType(getattr(owner, "id", ""))

    found = getattr(namespace[owner.id], name, None)
    if not isinstance(found, _SPECIAL):
        raise _NotAType(f"{owner.id}.{name}")

    return found


def _subscripted(outer: Any, inner: ast.expr, namespace: Mapping[str, Any]) -> Any:
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if outer is typing.Literal:
        if not all(isinstance(part, ast.Constant) for part in parts):
            raise _NotAType
        return outer[tuple(part.value for part in parts if isinstance(part, ast.Constant))]

    kinds = tuple(_built(part, namespace) for part in parts)
    return outer[kinds if len(kinds) > 1 else kinds[0]]
