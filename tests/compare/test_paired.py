"""Two models on the same items, beside SciPy 1.17, statsmodels 0.15 and R's statpsych."""

from __future__ import annotations

from dataclasses import asdict
from math import exp, isnan, nan
from random import Random

import pytest

from mojentic_nb.compare.means import bootstrap_difference
from mojentic_nb.compare.paired import (
    holm,
    median_tests,
    pair_test,
    pair_tests,
    paired_rate_interval,
)
from mojentic_nb.compare.special import binomial_two_sided, normal_cdf
from mojentic_nb.errors import BadArgument
from tests.compare.numbers import CLUSTERS, FIRST, SECOND

# statsmodels: mcnemar([[5, wins], [losses, 9]], exact=True)
MCNEMAR = [
    (1, 7, 1, 0.0703125),
    (26, 4, 4, 5.9476122260093696e-05),
    (0, 5, 0, 0.0625),
    (12, 12, 12, 1.0),
    (31, 12, 12, 0.005401572654591291),
    (400, 333, 333, 0.014722295939981526),
]


def answers(both: int, wins: int, losses: int, neither: int) -> tuple[list[float], list[float]]:
    a = [1.0] * (both + wins) + [0.0] * (losses + neither)
    b = [1.0] * both + [0.0] * wins + [1.0] * losses + [0.0] * neither
    return a, b


@pytest.mark.parametrize("wins, losses, statistic, p", MCNEMAR)
def test_right_or_wrong_is_mcnemars_test(wins, losses, statistic, p):
    found = pair_test(*answers(5, wins, losses, 9), a="x", b="y")
    assert found.test == "McNemar exact"
    assert (found.p, found.statistic) == (pytest.approx(p, rel=1e-9), statistic)
    assert (found.a, found.b) == ("x", "y")
    assert (found.wins, found.losses, found.ties) == (wins, losses, 14)
    assert found.diff == pytest.approx((wins - losses) / (14 + wins + losses))


def test_the_interval_of_a_difference_of_rates_is_statpsychs():
    # ci.prop.ps(.05, 12, 4, 26, 6) of R's statpsych: 0.2548067 0.6251933
    assert paired_rate_interval(26, 4, n=48) == pytest.approx((0.2548067, 0.6251933), abs=5e-8)
    assert all(map(isnan, paired_rate_interval(0, 0, n=0)))


def test_scores_are_compared_by_students_paired_t():
    # scipy.stats.ttest_rel(FIRST, SECOND)
    found = pair_test(FIRST, SECOND)
    assert found.test == "paired t"
    assert (found.statistic, found.p, found.lo, found.hi, found.diff, found.se) == pytest.approx(
        (
            1.9475891374404057,
            0.07743486013452355,
            -0.010842294616968326,
            0.17750896128363497,
            0.08333333333333333,
            0.042787943171039206,
        ),
        rel=1e-9,
    )
    assert (found.wins, found.losses, found.ties) == (8, 4, 0)
    assert not found.decisive


def test_clustered_scores_have_as_many_degrees_of_freedom_as_clusters_less_one():
    # statsmodels' OLS of the differences on a constant, clustered, times √(5/4); t of 4.
    found = pair_test(FIRST, SECOND, clusters=CLUSTERS)
    assert found.test == "paired t, clustered"
    assert (found.se, found.statistic, found.p) == pytest.approx(
        (0.03681210633527383, 2.2637480337136338, 0.08632195669352134), rel=1e-9
    )


def test_right_or_wrong_in_clusters_is_no_mcnemar():
    a, b = answers(3, 5, 1, 3)
    assert pair_test(a, b, clusters=[n % 4 for n in range(12)]).test == "paired t, clustered"


@pytest.mark.parametrize("values", [[1, 0, 1, 1, 0], [0.3, 0.7, 1 / 3], [0.1 + 0.2, 0.5]])
@pytest.mark.parametrize("is_clustered", [False, True])
def test_two_always_equal_models_differ_by_nothing(values, is_clustered):
    clusters = list(range(len(values))) if is_clustered else None
    found = pair_test(values, list(values), clusters=clusters)
    assert (found.diff, found.p, found.p_holm, found.statistic) == (0.0, 1.0, 1.0, 0.0)
    assert (found.wins, found.losses, found.ties) == (0, 0, len(values))
    assert not found.decisive
    assert found.n_needed is None
    assert not any(isinstance(value, float) and isnan(value) for value in asdict(found).values())


def test_equal_means_that_rounding_parts_are_equal():
    thirds = [1 / 3 + 1 / 3 + 1 / 3 - 1 / 3, 0.3]
    found = pair_test(thirds, [2 / 3, 0.1 + 0.2])
    assert (found.diff, found.ties) == (0.0, 2)
    cancelling = pair_test([1.0, 1 / 3, 0.2], [2 / 3, 2 / 3, 0.2])
    assert cancelling.diff == 0.0
    assert cancelling.n_needed is not None
    assert cancelling.n_needed < 100_000


def test_a_difference_without_spread_is_judged_by_its_signs():
    few, enough = (pair_test([0.1] * n, [0.3] * n) for n in (5, 6))
    assert (few.test, few.p, few.decisive) == ("sign exact", 0.0625, False)
    assert (enough.p, enough.decisive) == (0.03125, True)
    assert (enough.lo, enough.hi, enough.n_needed) == pytest.approx((-0.2, -0.2, None))


def test_one_item_and_none_decide_nothing():
    one, none = pair_test([0.75], [0.25]), pair_test([None], [0.2])
    assert (one.n, one.diff, one.p, one.test, one.decisive) == (1, 0.5, 1.0, "none", False)
    assert (none.n, none.p, none.test, none.decisive) == (0, 1.0, "none", False)
    assert isnan(none.diff)


def test_only_items_that_both_answered_count():
    whole = pair_test(FIRST, SECOND)
    gaps = pair_test([None, *FIRST, 0.5], [0.9, *SECOND, nan])
    assert asdict(gaps) == asdict(whole)


def test_holms_adjustment_is_statsmodels():
    p = [0.01, 0.04, 0.03, 0.005, 0.5, 0.9, 0.04]
    assert holm(p) == pytest.approx([0.06, 0.16, 0.15, 0.035, 1.0, 1.0, 0.16], rel=1e-9)
    assert holm([]) == []


def test_every_pair_is_judged_beside_the_others():
    a, b = answers(20, 12, 2, 6)
    tests = pair_tests({"a": a, "b": b, "c": b})
    assert [(test.a, test.b) for test in tests] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [test.p_holm for test in tests] == holm([test.p for test in tests])
    assert tests[0].p < 0.05 / 2.5 < tests[0].p_holm
    assert [test.decisive for test in tests] == [True, True, False]
    alone = pair_tests({"a": a, "b": b})
    assert alone[0].p_holm == alone[0].p


def test_what_is_decisive_alone_may_not_be_among_many():
    a, b = answers(20, 9, 1, 6)
    tests = pair_tests({"a": a, "b": b, "c": b, "d": b})
    assert pair_test(a, b).decisive
    assert not any(test.decisive for test in tests)


def test_a_decision_never_contradicts_its_interval():
    for n in (5, 10, 20, 40):
        for wins in range(n + 1):
            for losses in range(min(wins, n - wins) + 1):
                low, _ = paired_rate_interval(wins, losses, n=n)
                assert low > 0 or binomial_two_sided(wins, wins + losses) >= 0.05


def test_n_needed_is_for_the_difference_seen_or_for_five_points():
    a, b = answers(90, 30, 20, 60)
    seen, asked = pair_test(a, b), pair_test(a, b, effect=0.1)
    assert seen.n_needed == 781
    assert asked.n_needed == 196
    even = pair_test(*answers(90, 25, 25, 60))
    assert even.diff == 0.0
    assert even.n_needed == 789


def spread(random: Random, items: int, *, better: float) -> tuple[list[float], list[float]]:
    """Two models on items of very different difficulty (sd 3 in log odds), as in TRACING."""
    a, b = [], []
    for _ in range(items):
        ease = random.gauss(0, 3)
        a.append(float(random.random() < 1 / (1 + exp(-ease - better))))
        b.append(float(random.random() < 1 / (1 + exp(-ease))))
    return a, b


def test_pairing_finds_more_than_two_samples_do():
    """Measured for the design: 18 % for two samples, 45 % for McNemar's test, 200 items."""
    random = Random(5)
    found = {"two samples": 0, "paired": 0}
    for _ in range(400):
        a, b = spread(random, 200, better=0.75)
        rate = (sum(a) + sum(b)) / 400
        z = (sum(a) - sum(b)) / 200 / (2 * rate * (1 - rate) / 200) ** 0.5
        found["two samples"] += 2 * normal_cdf(-abs(z)) < 0.05
        found["paired"] += pair_test(a, b).p < 0.05
    assert found["paired"] > 1.5 * found["two samples"]


def test_equal_models_are_seldom_told_apart():
    random = Random(6)
    families, clashes, covered = 300, 0, 0
    for _ in range(families):
        easy = [random.betavariate(1, 1) for _ in range(30)]
        scores = {name: [float(random.random() < p) for p in easy] for name in "abcd"}
        tests = pair_tests(scores)
        clashes += any(test.p_holm < 0.05 for test in tests)
        covered += tests[0].lo <= 0 <= tests[0].hi
    assert clashes / families <= 0.05
    assert covered / families >= 0.93


def test_a_real_difference_is_covered():
    random = Random(7)
    covered = 0
    for _ in range(1000):
        draws = [random.random() for _ in range(20)]
        wins, losses = sum(u < 0.3 for u in draws), sum(u > 0.9 for u in draws)
        lo, hi = paired_rate_interval(wins, losses, n=20)
        covered += lo <= 0.2 <= hi
    assert covered / 1000 >= 0.93


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: pair_test([1, 0], [1]),
        lambda: pair_test([1, 0], [1, 1], clusters=["a"]),
        lambda: pair_test([1, 0], [1, 1], level=0),
        lambda: paired_rate_interval(3, 3, n=5),
        lambda: paired_rate_interval(-1, 3, n=5),
    ],
)
def test_what_makes_no_sense_is_told(wrong):
    with pytest.raises(BadArgument):
        wrong()


def test_medians_are_compared_by_signs_and_resampled_by_item() -> None:
    slow, quick = [9.0, 2.0, 3.0, 4.0, 5.0, 90.0, None], [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 1.0]
    first, second, _ = median_tests({"slow": slow, "quick": quick, "again": quick}, seed=3)
    drawn = bootstrap_difference(slow, quick, statistic="median", seed=3)
    assert (first.diff, first.lo, first.hi) == (drawn.estimate, drawn.lo, drawn.hi)
    assert first.diff == pytest.approx(4.5 - 2.25)
    assert (first.test, first.statistic, first.n, first.wins) == ("sign exact", 0, 6, 6)
    assert (first.p, first.p_holm) == (2 / 2**6, pytest.approx(3 * 2 / 2**6))
    assert (first.decisive, isnan(first.se), first.n_needed) == (False, True, None)
    assert median_tests({"slow": slow, "quick": quick}, seed=3)[0].decisive
    assert second.p_holm == first.p_holm


def test_medians_of_nothing_and_of_equals() -> None:
    (none,) = median_tests({"a": [None], "b": [1.0]})
    (equal,) = median_tests({"a": [1.0, 2.0], "b": [1.0, 2.0]})
    assert (none.test, none.n, none.p, isnan(none.diff)) == ("none", 0, 1.0, True)
    assert (equal.diff, equal.lo, equal.hi, equal.p, equal.ties) == (0, 0, 0, 1.0, 2)
