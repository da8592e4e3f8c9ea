"""How many items it takes, beside statsmodels 0.15 and by trying."""

from __future__ import annotations

from math import inf, nan
from random import Random

import pytest

from mojentic_nb.compare.paired import pair_test, pair_tests
from mojentic_nb.compare.power import n_needed, power_of, power_rows
from mojentic_nb.errors import BadArgument
from tests.compare.numbers import FIRST, SECOND


# statsmodels.stats.power.normal_power(effect / sd, n, 0.05)
@pytest.mark.parametrize(
    "effect, n, power",
    [
        (0.2, 50, 0.2929889364479872),
        (0.1, 200, 0.2929889364479872),
        (0.5, 12, 0.409968111537594),
        (0.02, 30, 0.051375754699250584),
    ],
)
def test_power_is_statsmodels(effect, n, power):
    assert power_of(n, effect=effect, sd=1) == pytest.approx(power, rel=1e-9)
    assert power_of(n, effect=-3 * effect, sd=3) == pytest.approx(power, rel=1e-9)


def test_the_items_needed_are_those_of_the_formula():
    assert n_needed(0.05, sd=0.4) == 503  # 502.3
    assert n_needed(-0.1, sd=0.55) == 238  # 237.4
    assert n_needed(1, sd=0.01) == 2


def test_as_many_items_as_needed_have_the_power_asked_for():
    for power in (0.8, 0.9):
        n = n_needed(0.07, sd=0.5, power=power)
        assert power_of(n - 1, effect=0.07, sd=0.5) < power <= power_of(n, effect=0.07, sd=0.5)


def test_the_power_said_is_the_power_had():
    random = Random(8)
    n = n_needed(0.1, sd=0.4)
    found = 0
    for _ in range(400):
        differences = [random.gauss(0.1, 0.4) for _ in range(n)]
        found += pair_test(differences, [0.0] * n).p < 0.05
    assert found / 400 == pytest.approx(0.8, abs=0.05)


def test_a_curve_goes_from_few_to_more_than_enough():
    pairs = pair_tests({"a": FIRST, "b": SECOND, "same": FIRST})
    rows = power_rows(pairs)
    assert {(row.a, row.b) for row in rows} == {("a", "b"), ("b", "same")}
    curve = [row for row in rows if row.b == "b"]
    assert [row.n for row in curve] == sorted({row.n for row in curve})
    assert curve[0].n == 5
    assert curve[-1].n >= 2 * curve[0].n_needed
    assert [row.power for row in curve] == sorted(row.power for row in curve)
    assert {row.n_run for row in curve} == {12}
    assert curve[0].n_needed == pairs[0].n_needed
    assert curve[0].effect == pytest.approx(1 / 12)


def test_a_curve_may_be_for_any_difference():
    (test,) = pair_tests({"a": FIRST, "b": SECOND})
    assert {row.effect for row in power_rows([test], effect=-0.2)} == {0.2}
    even = pair_test([1, 0, 1, 0], [0, 1, 1, 0])
    assert {row.effect for row in power_rows([even])} == {0.05}


def test_what_cannot_be_planned_has_no_curve():
    assert power_rows([pair_test([1, 0], [1, 0]), pair_test([1], [0]), pair_test([], [])]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: n_needed(0, sd=1),
        lambda: n_needed(nan, sd=1),
        lambda: n_needed(0.1, sd=0),
        lambda: power_of(5, effect=0.1, sd=inf),
        lambda: n_needed(0.1, sd=1, power=80),
        lambda: power_of(5, effect=0.1, sd=1, level=2),
    ],
)
def test_what_makes_no_sense_is_told(wrong):
    with pytest.raises(BadArgument):
        wrong()
