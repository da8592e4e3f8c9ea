"""Means, medians and the noise of repeats, beside statsmodels 0.15 and SciPy 1.17."""

from __future__ import annotations

from math import isnan, nan, sqrt
from random import Random

import pytest

from mojentic_nb.compare.means import (
    bootstrap_difference,
    mean_interval,
    repeat_noise,
)
from mojentic_nb.errors import BadArgument
from tests.compare.numbers import CLUSTERS, FIRST, SECOND


def test_a_mean_and_its_interval_are_statsmodels():
    # DescrStatsW(FIRST).tconfint_mean(), at 95 % and at 90 %
    found = mean_interval(FIRST)
    assert (found.mean, found.se, found.lo, found.hi) == pytest.approx(
        (0.5375, 0.08121356992149736, 0.3587501378047196, 0.7162498621952804), rel=1e-9
    )
    assert (found.n, found.df, found.method, found.warning) == (12, 11, "t", "")
    narrow = mean_interval(FIRST, level=0.9)
    assert (narrow.lo, narrow.hi) == pytest.approx((0.39164978270522355, 0.6833502172947764))


def test_a_clustered_interval_is_statsmodels():
    # OLS on a constant, cov_type="cluster" without its own correction, times √(5/4); t of 4.
    found = mean_interval(FIRST, clusters=CLUSTERS)
    assert (found.se, found.lo, found.hi) == pytest.approx(
        (0.03163821364268216, 0.44965823659457305, 0.6253417634054269), rel=1e-9
    )
    assert found.df == 4
    assert found.warning == "only 5 clusters: the interval may be too narrow"


def test_every_item_its_own_cluster_is_no_cluster():
    alone, clustered = mean_interval(FIRST), mean_interval(FIRST, clusters=range(12))
    assert clustered.se == pytest.approx(alone.se, rel=1e-12)
    assert clustered.warning == ""


def test_items_without_a_value_are_left_out():
    gaps = [None, *FIRST[:6], nan, *FIRST[6:]]
    assert mean_interval(gaps) == mean_interval(FIRST)
    clusters = ["z", *CLUSTERS[:6], "z", *CLUSTERS[6:]]
    assert mean_interval(gaps, clusters=clusters) == mean_interval(FIRST, clusters=CLUSTERS)


def test_one_item_has_a_mean_and_no_interval():
    found = mean_interval([0.4])
    assert (found.mean, found.n) == (0.4, 1)
    assert all(map(isnan, (found.se, found.lo, found.hi)))
    assert isnan(mean_interval([]).mean)
    assert isnan(mean_interval([1, 2], clusters="aa").lo)


def test_equal_values_have_no_spread():
    found = mean_interval([0.1] * 7)
    assert (found.lo, found.hi) == pytest.approx((0.1, 0.1))


@pytest.mark.parametrize("n", [20, 60])
def test_a_mean_covers_what_it_says(n):
    random = Random(n)
    covered = 0
    for _ in range(600):
        found = mean_interval([random.betavariate(2, 1) for _ in range(n)])
        covered += found.lo <= 2 / 3 <= found.hi
    assert covered / 600 >= 0.93


def test_a_clustered_mean_covers_what_it_says_and_a_plain_one_does_not():
    random = Random(11)
    clusters = [n // 6 for n in range(120)]
    covered = {"plain": 0, "clustered": 0}
    for _ in range(400):
        shared = [random.gauss(0, 1) for _ in range(20)]
        values = [shared[cluster] + random.gauss(0, 1) for cluster in clusters]
        for name, of in (("plain", None), ("clustered", clusters)):
            found = mean_interval(values, clusters=of)
            covered[name] += found.lo <= 0 <= found.hi
    assert covered["clustered"] / 400 >= 0.93
    assert covered["plain"] / 400 < 0.80


def test_repeats_show_their_noise_apart_from_the_items_spread():
    found = repeat_noise([[1, 1, 1], [0, 0, 0], [1, 0, 1], [0, 1], [1], [None, 0]])
    # variances 0, 0, 1/3, 1/2 with 2, 2, 2, 1 degrees of freedom
    assert found.sd == pytest.approx(sqrt((2 / 3 + 1 / 2) / 7), rel=1e-12)
    assert (found.flip_rate, found.n) == (0.5, 4)


def test_without_repeats_there_is_no_noise_to_see():
    found = repeat_noise([[1], [0], []])
    assert found.n == 0
    assert isnan(found.sd)
    assert isnan(found.flip_rate)


# scipy.stats.bootstrap, method="percentile", 200 000 resamples
@pytest.mark.parametrize(
    "found, lo, hi",
    [
        (bootstrap_difference(FIRST, SECOND), 0.0041667, 0.1666667),
        (bootstrap_difference(FIRST, SECOND, is_paired=False), -0.1291667, 0.2916667),
    ],
)
def test_the_bootstrap_is_scipys(found, lo, hi):
    assert (found.lo, found.hi) == pytest.approx((lo, hi), abs=0.01)
    assert (found.n, found.draws) == (12, 10_000)


def test_the_bootstrap_is_the_same_every_time():
    again = [bootstrap_difference(FIRST, SECOND, statistic="median", seed=3) for _ in range(2)]
    assert again[0] == again[1]
    assert again[0] != bootstrap_difference(FIRST, SECOND, statistic="median", seed=4)
    assert again[0].estimate == pytest.approx(0.525 - 0.425)


def test_many_items_are_drawn_in_pieces():
    values = [float(n % 10) for n in range(3000)]
    found = bootstrap_difference(values, [0.0] * 3000, draws=1000)
    assert found.lo < 4.5 < found.hi
    assert found.hi - found.lo == pytest.approx(2 * 1.96 * 2.873 / sqrt(3000), rel=0.1)


def test_paired_values_lack_together():
    found = bootstrap_difference([1, None, 3, 4], [0, 1, None, 3])
    assert (found.n, found.estimate, found.lo, found.hi) == (2, 1.0, 1.0, 1.0)
    assert bootstrap_difference([1, 2, 3], [1], is_paired=False).n == 1


def test_too_few_values_have_no_interval():
    assert isnan(bootstrap_difference([], []).estimate)
    assert bootstrap_difference([3], [1]).estimate == 2
    assert isnan(bootstrap_difference([3], [1]).lo)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: bootstrap_difference([1, 2], [1, 2], statistic="mode"),
        lambda: bootstrap_difference([1, 2], [1, 2], draws=0),
        lambda: bootstrap_difference([1, 2], [1, 2], level=1),
        lambda: bootstrap_difference([1, 2], [1]),
        lambda: mean_interval([1, 2], clusters=["a"]),
    ],
)
def test_what_makes_no_sense_is_told(wrong):
    with pytest.raises(BadArgument):
        wrong()
