"""One value worked out of a column's values.

Law: missing values are left out; whole numbers stay exact; text is never added up.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any, Literal

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.kit.data_rows import json_value, sort_key

__all__ = ["How", "measured"]

How = Literal[
    "count",
    "sum",
    "mean",
    "median",
    "min",
    "max",
    "standard deviation",
    "first",
    "last",
    "distinct",
    "list",
]


def measured(how: How, values: Sequence[Any], *, column: str) -> Any:
    """Work one value out; null where there is nothing to work it out of.

    Raises:
        ToolError: A number is wanted and a value is none, or the result is too large.
    """
    known = [one for one in values if one is not None]
    if how in _OF_NUMBERS:
        for one in known:
            _check(one, how, column)

    try:
        return json_value((_OF_NUMBERS | _OF_ANY)[how](known))
    except OverflowError:
        raise ToolError(f"The {how} of {column!r} is too large for a float.") from None


def _check(value: Any, how: str, column: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ToolError(
            f"{column!r} holds {str(value)[:60]!r}, of which there is no {how}.",
            hint="Leave such rows out with table_filter, or count them.",
        )


def _sum(known: list[Any]) -> int | float:
    return sum(known) if all(isinstance(one, int) for one in known) else math.fsum(known)


def _distinct(known: list[Any]) -> int:
    # JSON's own idea of the same value: 1 and true are two.
    return len({sort_key(one) for one in known})


_OF_NUMBERS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": _sum,
    "mean": lambda known: statistics.mean(known) if known else None,
    "median": lambda known: statistics.median(known) if known else None,
    "standard deviation": lambda known: statistics.stdev(known) if len(known) > 1 else None,
}
_OF_ANY: dict[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "min": lambda known: min(known, key=sort_key, default=None),
    "max": lambda known: max(known, key=sort_key, default=None),
    "first": lambda known: known[0] if known else None,
    "last": lambda known: known[-1] if known else None,
    "distinct": _distinct,
    "list": list,
}
