"""Numbers described."""

from __future__ import annotations

import math
import statistics

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.kit.math_statistics import StatisticsTool
from tests.tools.kit.calls import called, examples_of


@pytest.mark.parametrize("kind, arguments", examples_of(StatisticsTool))
def test_every_example_runs(kind, arguments):
    assert called(kind(), **arguments)["count"] > 0


def test_missing_numbers_are_counted_and_left_out():
    told = called(StatisticsTool(), numbers=[1, None, 3, math.nan])
    assert (told["count"], told["missing"], told["mean"]) == (2, 2, 2)


def test_whole_numbers_stay_exact():
    assert called(StatisticsTool(), numbers=[10**17, 1, 1])["sum"] == 10**17 + 2


def test_one_number_has_no_spread():
    told = called(StatisticsTool(), numbers=[5])
    assert told["standard_deviation"] is None
    assert told["first_quartile"] is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_it_agrees_with_pandas(numbers):
    told, series = called(StatisticsTool(), numbers=numbers), pd.Series(numbers)
    close = {"rel": 1e-6, "abs": 1e-6}
    assert told["mean"] == pytest.approx(series.mean(), **close)
    assert told["standard_deviation"] == pytest.approx(series.std(), **close)
    assert told["first_quartile"] == pytest.approx(series.quantile(0.25), **close)
    assert told["third_quartile"] == pytest.approx(series.quantile(0.75), **close)
    assert told["median"] == statistics.median(numbers)


def test_pairs_have_a_line():
    line = called(StatisticsTool(), numbers=[1, 2, None, 3], others=[3, 5, 9, 7])["line"]
    assert line == {"correlation": 1.0, "slope": 2.0, "intercept": 1.0}


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"numbers": [None]}, "no number"),
        ({"numbers": [1, 2], "others": [1]}, "2 numbers and 1 others"),
        ({"numbers": [1, 1], "others": [1, 2]}, "no line"),
        ({"numbers": [1e308, 1e308]}, "too large"),
        ({"numbers": [10**400, 1.5]}, "too large"),
    ],
)
def test_what_cannot_be_told_is_said(arguments, words):
    with pytest.raises(ToolError, match=words):
        called(StatisticsTool(), **arguments)
