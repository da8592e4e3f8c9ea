"""Durations, counts and prices as a person reads them."""

from __future__ import annotations

import pytest

from mojentic_nb.views.numbers import dollars, seconds, tokens


@pytest.mark.parametrize(
    "value, written",
    [
        (None, "–"),
        (float("nan"), "–"),
        (0, "0 ms"),
        (0.00001, "<0.1 ms"),
        (0.0004, "0.4 ms"),
        (0.012, "12 ms"),
        (0.0994, "99 ms"),
        (0.0996, "0.10 s"),
        (0.84, "0.84 s"),
        (9.994, "9.99 s"),
        (9.996, "10.0 s"),
        (12.34, "12.3 s"),
        (59.96, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.6, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (-0.5, "-0.50 s"),
    ],
)
def test_a_duration_is_written_in_the_unit_one_would_say(value: float | None, written: str) -> None:
    assert seconds(value) == written


@pytest.mark.parametrize(
    "value, beside, written",
    [
        (0.05, 0.84, "0.05 s"),
        (0.002, 0.84, "2 ms"),
        (0.05, 0.08, "50 ms"),
        (0.05, None, "50 ms"),
        (None, 0.84, "–"),
        (0.05, 200, "0.05 s"),
    ],
)
def test_two_durations_side_by_side_share_a_unit(
    value: float | None, beside: float | None, written: str
) -> None:
    assert seconds(value, beside=beside) == written


@pytest.mark.parametrize("value, written", [(None, "–"), (0, "0"), (34, "34"), (12345, "12,345")])
def test_tokens(value: int | None, written: str) -> None:
    assert tokens(value) == written


@pytest.mark.parametrize(
    "value, written",
    [
        (None, "–"),
        (float("inf"), "–"),
        (0, "$0"),
        (0.0021, "$0.0021"),
        (0.00000213, "$0.0000021"),
        (0.00000001, "<$0.000001"),
        (0.35, "$0.35"),
        (0.5, "$0.50"),
        (12.4, "$12.40"),
        (1234.5, "$1,234.50"),
        (-0.5, "-$0.50"),
    ],
)
def test_money_keeps_two_telling_digits(value: float | None, written: str) -> None:
    assert dollars(value) == written
