"""What the headers of an answer say of a provider's limits.

Law: pure, but for today's date where a header names one. Nonsense says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

__all__ = ["pause_s"]

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# A month, in seconds: no limit lasts longer, and what names more is no time at all.
LONGEST_S = 31 * 86400.0

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+")

# What is left, and when there will be more: OpenAI's and its kin's, then Anthropic's.
_PAIRS = [
    *(
        (f"x-ratelimit-remaining-{what}", f"x-ratelimit-reset-{what}")
        for what in ("requests", "tokens")
    ),
    *(
        (f"anthropic-ratelimit-{what}-remaining", f"anthropic-ratelimit-{what}-reset")
        for what in ("requests", "tokens", "input-tokens", "output-tokens")
    ),
]


def pause_s(headers: Mapping[str, str]) -> float:
    """Seconds until the provider takes calls again; 0 where it takes them now.

    Args:
        headers: Of an answer, their names in lower case.
    """
    waits = [
        _seconds(headers.get(reset, ""))
        for left, reset in _PAIRS
        if headers.get(left, "").strip() == "0"
    ]
    return max((wait for wait in waits if wait <= LONGEST_S), default=0.0)


def _seconds(text: str) -> float:
    """`6m0s`, `120ms`, a bare number of seconds, or a date and time."""
    text = text.strip()
    if _DURATION.fullmatch(text):
        return sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(text))

    try:
        return max(0.0, float(text)) if text[:1].isdigit() and "T" not in text else _until(text)
    except ValueError:
        return 0.0


def _until(text: str) -> float:
    at = datetime.fromisoformat(text)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
