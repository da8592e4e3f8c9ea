"""Tables as JSON has them: a list of rows, each a dict by column.

Law: values that JSON knows and nothing else. A missing value is null, be it a column the
row lacks, an empty cell of a number, or NaN; nothing else is ever lost or guessed.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mojentic_nb.errors import ToolError

__all__ = ["Row", "check_columns", "columns_of", "json_value", "sort_key"]

Row = dict[str, Any]


def json_value(value: Any) -> Any:
    """A value as JSON has it: NaN is null, an infinity its word, bytes are base64."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(name): json_value(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(inner) for inner in value]

    return value


def columns_of(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every column some row has, in the order they first appear."""
    return list(dict.fromkeys(name for row in rows for name in row))


def check_columns(named: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse columns that no row has.

    Raises:
        ToolError: One is not there; not raised where there are no rows at all.
    """
    known = columns_of(rows)
    missing = [name for name in named if name not in known] if rows else []
    if missing:
        raise ToolError(
            f"There is no column {missing[0]!r}.", hint=f"There are {', '.join(map(repr, known))}."
        )


def sort_key(value: Any) -> tuple[int, Any]:
    """Orders values of any kinds: false, true, numbers, text, the rest by its text."""
    if isinstance(value, bool):
        return (0, value)
    if isinstance(value, int | float):
        return (1, value)
    if isinstance(value, str):
        return (2, value)

    return (3, str(value))
