"""What a provider's headers say of its limits, and that nonsense says nothing."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.hooks.rates import pause_s

OPENAI = ("x-ratelimit-remaining-{}", "x-ratelimit-reset-{}")
ANTHROPIC = ("anthropic-ratelimit-{}-remaining", "anthropic-ratelimit-{}-reset")
PAIRS = [
    *((OPENAI, what) for what in ("requests", "tokens")),
    *((ANTHROPIC, what) for what in ("requests", "tokens", "input-tokens", "output-tokens")),
]


@pytest.mark.parametrize("form, what", PAIRS, ids=str)
def test_every_pair_is_read(form: tuple[str, str], what: str) -> None:
    left, reset = (name.format(what) for name in form)
    assert pause_s({left: "0", reset: "7s"}) == 7
    assert pause_s({left: " 0 ", reset: " 7 "}) == 7
    assert pause_s({left: "1", reset: "7s"}) == 0
    assert pause_s({left: "0"}) == pause_s({reset: "7s"}) == 0


def test_the_longest_of_them_holds() -> None:
    told = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "2s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1m1s",
    }
    assert pause_s(told) == 61
    # What makes no sense takes nothing from what does.
    assert pause_s({**told, "x-ratelimit-reset-tokens": "9" * 400}) == 2


def reset(text: str) -> float:
    return pause_s({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": text})


@pytest.mark.parametrize(
    "text",
    ["9" * 400, "9" * 400 + "d", "1e300", "1732200000", "400d", "9999-12-31T23:59:59Z", "1e", "²",
     "T", "1T", "inf", "-inf", "0x10", "1s1", "s", "1 s"],
)  # fmt: skip
def test_nonsense_says_nothing(text: str) -> None:
    assert reset(text) == 0


@pytest.mark.parametrize("zone", ["Z", "+00:00", ""])
def test_a_date_without_a_zone_is_universal_time(zone: str) -> None:
    at = (datetime.now(UTC) + timedelta(hours=1)).replace(tzinfo=None)
    assert 3500 < reset(at.isoformat() + zone) <= 3600


@given(text=st.text(max_size=40) | st.text("0123456789.smhdTZ:-+e ", max_size=40))
def test_whatever_is_there_no_call_fails_of_it(text: str) -> None:
    seconds = reset(text)
    assert math.isfinite(seconds)
    assert seconds >= 0
