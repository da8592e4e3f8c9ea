"""Numbers with their units, as a person reads them.

Law: what is not known is an en dash, never 0; what is known is never rounded down to 0.
"""

from __future__ import annotations

import math
from typing import TypeGuard

__all__ = ["UNKNOWN", "dollars", "seconds", "tokens"]

UNKNOWN = "–"


def seconds(value: float | None, *, beside: float | None = None) -> str:
    """Write a duration: `12 ms`, `0.84 s`, `3 min 05 s`.

    Args:
        value: Seconds, or None when nobody measured.
        beside: The duration it stands next to, in seconds: both are then written in one unit
            (`0.84 s (first 0.05 s)`) where that leaves something to read.
    """
    if not _is_known(value):
        return UNKNOWN

    if value < 0:
        return f"-{seconds(-value)}"

    in_seconds = _is_known(beside) and beside >= 0.0995 and value >= 0.005
    if value < 0.0995 and not in_seconds:
        return _milliseconds(value * 1000)

    if value < 59.95:
        return f"{value:.2f} s" if value < 9.995 else f"{value:.1f} s"

    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _milliseconds(value: float) -> str:
    if value >= 0.95 or value == 0:
        return f"{value:.0f} ms"

    return f"{value:.1f} ms" if value >= 0.05 else "<0.1 ms"


def tokens(value: int | None) -> str:
    """Write a count of tokens without its unit, which stands once beside it or in a header."""
    return UNKNOWN if value is None else f"{value:,}"


def dollars(value: float | None) -> str:
    """Write money to two telling digits: `$0.0021`, `$0.35`, `$12.40`, and `$0` for free."""
    if not _is_known(value):
        return UNKNOWN

    if value < 0:
        return f"-{dollars(-value)}"

    if value == 0:
        return "$0"

    if value < 1e-6:
        return "<$0.000001"

    decimals = max(2, 1 - math.floor(math.log10(value)))
    return f"${value:,.{decimals}f}"


def _is_known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
