"""Rates over items: single answers, repeats, clusters."""

from __future__ import annotations

from math import isnan, nan
from random import Random

import pytest

from mojentic_nb.compare.rates import rate_interval, score_interval
from mojentic_nb.compare.special import t_quantile
from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.statistics import wilson

# statsmodels 0.15, proportion_confint(k, n, method="wilson"), which takes broken counts.
BROKEN = [
    (7.5, 12.3, 0.3442359662953448, 0.8230351601866351),
    (190.25, 200.5, 0.9090842742036676, 0.9717942368866674),
    (0.4, 6, 0.0058170686909313485, 0.46580598082427865),
]


@pytest.mark.parametrize("successes, n, lo, hi", BROKEN)
def test_wilsons_interval_of_broken_counts_is_statsmodels(successes, n, lo, hi):
    assert score_interval(successes / n, n=n) == pytest.approx((lo, hi), rel=1e-9)


def test_one_answer_an_item_has_wilsons_interval():
    found = rate_interval([1, 0, True, 1, None, nan, False])
    assert (found.rate, found.n, found.method) == (0.6, 5, "Wilson")
    assert (found.lo, found.hi) == wilson(3, 5)
    assert score_interval(0.6, n=5) == pytest.approx(wilson(3, 5), rel=1e-12)


def test_rates_count_items_not_answers():
    # Three repeats that always agree tell no more than one.
    assert rate_interval([1, 0, 1, 1, 0], cells=15) == rate_interval([1, 0, 1, 1, 0])


def test_repeats_that_differ_tell_more_than_one_answer_and_less_than_as_many_items():
    found = rate_interval([1, 2 / 3, 1 / 3, 1, 2 / 3, 0] * 5, cells=90)
    assert 30 < found.n_effective <= 90
    assert found.method == "Wilson, repeats averaged"
    even = rate_interval([0.5] * 20, cells=40)
    assert even.n_effective == 40
    assert rate_interval([0.5] * 20).n_effective == 20
    nearly = rate_interval([0.5] * 19 + [2 / 3], cells=60)
    assert nearly.n_effective == 60


def test_items_that_go_together_count_less():
    alone = rate_interval([1, 1, 0, 0, 1, 1, 0, 0] * 5)
    together = rate_interval([1, 1, 0, 0, 1, 1, 0, 0] * 5, clusters=[n // 2 for n in range(40)])
    assert together.rate == alone.rate
    assert together.n_effective < 25
    assert together.lo < alone.lo < alone.hi < together.hi
    assert together.method == "Wilson, 20 clusters"


def test_few_clusters_count_less_by_their_t_quantiles():
    # Mean 1/2, so residuals are ±1/2; worked out by hand after Korn and Graubard 1998.
    values, clusters = [1, 0, 1, 1, 0, 0, 1, 0], "abbbaccc"
    sums = {"a": 0.0, "b": 0.5, "c": -0.5}
    variance = 3 / 2 * sum(one**2 for one in sums.values()) / 64
    few = (t_quantile(0.975, 7) / t_quantile(0.975, 2)) ** 2
    wanted = max(1.0, few * min(8, 0.25 / variance))
    assert rate_interval(values, clusters=clusters).n_effective == pytest.approx(wanted)
    assert wanted > 2


def test_all_alike_in_clusters_is_as_many_as_there_are_clusters():
    found = rate_interval([1] * 10, clusters=["x"] * 5 + ["y"] * 5)
    assert (found.lo, found.hi) == pytest.approx(wilson(2, 2))
    assert rate_interval([1, 0], clusters=["x", "x"]).n_effective == 1


def test_items_without_a_cluster_stand_alone():
    values = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]
    assert rate_interval(values, clusters=[None] * 6).n_effective == pytest.approx(5.0)


def test_no_items_tell_nothing():
    found = rate_interval([None, nan])
    assert found.n == 0
    assert all(map(isnan, (found.rate, found.lo, found.hi)))


@pytest.mark.parametrize("n", [20, 50, 200])
@pytest.mark.parametrize("repeats", [1, 3])
def test_a_rate_covers_what_it_says(n, repeats):
    """The truth lies inside at least 93 times in 100, with items of any difficulty."""
    random = Random(n + repeats)
    covered = 0
    for _ in range(400):
        values = []
        for _ in range(n):
            ease = random.betavariate(2.4, 0.6)  # 0.8 on average, most items easy or hopeless
            values.append(sum(random.random() < ease for _ in range(repeats)) / repeats)

        found = rate_interval(values, cells=n * repeats)
        covered += found.lo <= 0.8 <= found.hi
    assert covered / 400 >= 0.93


def test_a_clustered_rate_covers_what_it_says():
    random = Random(4)
    covered = 0
    for _ in range(400):
        eases = [random.betavariate(2, 2) for _ in range(20)]
        values = [float(random.random() < ease) for ease in eases for _ in range(5)]
        found = rate_interval(values, clusters=[n // 5 for n in range(100)])
        covered += found.lo <= 0.5 <= found.hi
    assert covered / 400 >= 0.93


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: rate_interval([0.5, 1.5]),
        lambda: rate_interval([1, 0], clusters=["a"]),
        lambda: rate_interval([1, 0], level=95),
    ],
)
def test_what_makes_no_sense_is_told(wrong):
    with pytest.raises(BadArgument):
        wrong()
