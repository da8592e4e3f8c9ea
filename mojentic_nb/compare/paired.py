"""Which of two is better, item by item.

Law: pure. Both answered the same items, so what makes an item hard cancels; a comparison of
two intervals side by side would throw that away. Two that are always equal differ by 0 with
p = 1. Every pair of a family is judged by Holm's p.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import copysign, inf, nan, sqrt

from mojentic_nb.compare.means import bootstrap_difference
from mojentic_nb.compare.power import FIVE_POINTS, n_needed
from mojentic_nb.compare.samples import (
    Clusters,
    Values,
    checked_level,
    clustered_error,
    is_known,
    known_clusters,
    mean_of,
    standard_error,
)
from mojentic_nb.compare.special import (
    binomial_two_sided,
    normal_quantile,
    t_quantile,
    t_two_sided,
)
from mojentic_nb.errors import BadArgument

__all__ = ["PairTest", "holm", "median_tests", "pair_test", "pair_tests", "paired_rate_interval"]

# Less spread than this beside the difference is rounding, not spread.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTest:
    """Two models on the same items.

    Attributes:
        a: One of them.
        b: The other.
        n: Items that both answered.
        diff: Mean (or median) of `a` less that of `b`, over those items; NaN for none.
        se: Its standard error; NaN for fewer than two items, and for medians.
        lo: Lower bound of the difference; NaN where too few items could give one.
        hi: Upper bound of the difference.
        test: `McNemar exact`, `paired t`, `paired t, clustered`, `sign exact` for medians and
            where every difference is the same, or `none`.
        statistic: Of the test: the fewer of the items on which one of them alone does better,
            or t.
        p: How often chance alone differs at least so much; 1 where nothing can be told.
        p_holm: The same for the whole family of pairs.
        wins: Items on which `a` does better.
        losses: Items on which `b` does better.
        ties: Items on which they are equal.
        decisive: Whether Holm's p is below 1 − level, and the interval leaves 0 out.
        n_needed: Items for a power of 80 %; None where the differences do not vary, and for
            medians.
    """

    a: str
    b: str
    n: int
    diff: float
    se: float
    lo: float
    hi: float
    test: str
    statistic: float
    p: float
    p_holm: float
    wins: int
    losses: int
    ties: int
    decisive: bool
    n_needed: int | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    test: str
    statistic: float
    p: float
    se: float
    lo: float
    hi: float


def pair_tests(
    scores: Mapping[str, Values],
    *,
    clusters: Clusters | None = None,
    effect: float | None = None,
    level: float = 0.95,
) -> list[PairTest]:
    """Compare every two of several models, and judge all pairs together.

    Args:
        scores: For each model a value for each item, in the same order of items, with None
            or NaN for an item that it did not answer.
        clusters: The group of each item, where items of a group may go together.
        effect: Difference that `n_needed` is for; None for each pair's own, and for five
            points where that is 0.
        level: How sure; 0.95 for 95 %.

    Returns:
        A test for each pair, in the order of `scores`.

    Raises:
        BadArgument: Models with different numbers of items, or not as many clusters as items.
    """
    tests = [
        pair_test(scores[a], scores[b], a=a, b=b, clusters=clusters, effect=effect, level=level)
        for a, b in combinations(scores, 2)
    ]
    return _judged(tests, level)


def median_tests(
    scores: Mapping[str, Values], *, seed: int = 0, level: float = 0.95
) -> list[PairTest]:
    """Compare the medians of every two, as for seconds, where a few long ones make the mean.

    The interval of the difference is the bootstrap's over items; the test is that of the signs.

    Args:
        scores: For each model a value for each item, as for `pair_tests`.
        seed: Of the random draws; the same seed gives the same intervals.
        level: How sure; 0.95 for 95 %.

    Raises:
        BadArgument: Models with different numbers of items.
    """
    tests = []
    for a, b in combinations(scores, 2):
        differences, _, _ = _differences(scores[a], scores[b], None)
        found = bootstrap_difference(
            scores[a], scores[b], statistic="median", seed=seed, level=level
        )
        wins = sum(difference > 0 for difference in differences)
        losses = sum(difference < 0 for difference in differences)
        p = binomial_two_sided(wins, wins + losses)
        name = "sign exact" if differences else "none"
        outcome = _Outcome(name, float(min(wins, losses)), p, nan, found.lo, found.hi)
        tests.append(_test(a, b, found.estimate, differences, outcome, None))

    return _judged(tests, level)


def _judged(tests: Sequence[PairTest], level: float) -> list[PairTest]:
    adjusted = holm([test.p for test in tests])
    return [
        replace(test, p_holm=p, decisive=_is_decisive(test, p, level))
        for test, p in zip(tests, adjusted, strict=True)
    ]


def _is_decisive(test: PairTest, p: float, level: float) -> bool:
    return p < 1 - level and (test.lo > 0 or test.hi < 0)


def pair_test(
    first: Values,
    second: Values,
    *,
    a: str = "a",
    b: str = "b",
    clusters: Clusters | None = None,
    effect: float | None = None,
    level: float = 0.95,
) -> PairTest:
    """Compare two models on the items that both answered.

    Where all values are 0 or 1 the test is McNemar's exact one, and the interval Bonett and
    Price's; otherwise both are Student's for paired values, with C − 1 degrees of freedom
    under C clusters.

    Args:
        first: A value for each item: its repeats averaged; None or NaN for no answer.
        second: The same of the other model, in the same order of items.
        a: Name of the first.
        b: Name of the second.
        clusters: The group of each item, where items of a group may go together.
        effect: Difference that `n_needed` is for; None for the observed one, and for five
            points where that is 0.
        level: How sure; 0.95 for 95 %.

    Raises:
        BadArgument: Not as many values of one as of the other, or not as many clusters.
    """
    checked_level(level)
    differences, groups, is_binary = _differences(first, second, clusters)
    wins = sum(difference > 0 for difference in differences)
    losses = sum(difference < 0 for difference in differences)
    diff = _mean_difference(differences)
    if is_binary and groups is None:
        outcome = _mcnemar(differences, wins, losses, level)
    else:
        outcome = _student(differences, groups, level)

    needed = _needed(diff, outcome.se, len(differences), effect, level)
    test = _test(a, b, diff, differences, outcome, needed)
    return replace(test, decisive=_is_decisive(test, test.p, level))


def _test(
    a: str,
    b: str,
    diff: float,
    differences: Sequence[float],
    outcome: _Outcome,
    needed: int | None,
) -> PairTest:
    wins = sum(difference > 0 for difference in differences)
    losses = sum(difference < 0 for difference in differences)
    return PairTest(
        a=a,
        b=b,
        n=len(differences),
        diff=diff,
        se=outcome.se,
        lo=outcome.lo,
        hi=outcome.hi,
        test=outcome.test,
        statistic=outcome.statistic,
        p=outcome.p,
        p_holm=outcome.p,
        wins=wins,
        losses=losses,
        ties=len(differences) - wins - losses,
        decisive=False,
        n_needed=needed,
    )


def _differences(
    first: Values, second: Values, clusters: Clusters | None
) -> tuple[list[float], list[Hashable] | None, bool]:
    if len(first) != len(second):
        raise BadArgument(
            f"{len(first)} items beside {len(second)}",
            hint="Both have a value for the same items in the same order, None where one lacks.",
        )

    pairs = [
        (float(one), float(other)) if is_known(one) and is_known(other) else None
        for one, other in zip(first, second, strict=True)
    ]
    found = [None if pair is None else _less(*pair) for pair in pairs]
    groups = None if clusters is None else known_clusters(found, clusters)
    is_binary = all(value in (0, 1) for pair in pairs if pair is not None for value in pair)
    return [each for each in found if each is not None], groups, is_binary


def _less(one: float, other: float) -> float:
    """The difference, without what rounding leaves of two equal means."""
    difference = one - other
    return difference if abs(difference) > _ROUNDING * max(abs(one), abs(other)) else 0.0


def _mean_difference(differences: Sequence[float]) -> float:
    """Their mean, where thirds that cancel leave 0 and not 1e-17."""
    mean = mean_of(differences)
    return 0.0 if abs(mean) <= _ROUNDING * max(map(abs, differences), default=0) else mean


def _mcnemar(differences: Sequence[float], wins: int, losses: int, level: float) -> _Outcome:
    """McNemar 1947, exact: the sign test of the items on which just one does well."""
    lo, hi = paired_rate_interval(wins, losses, n=len(differences), level=level)
    return _Outcome(
        "McNemar exact" if differences else "none",
        float(min(wins, losses)),
        binomial_two_sided(wins, wins + losses),
        standard_error(differences),
        lo,
        hi,
    )


def paired_rate_interval(
    wins: int, losses: int, *, n: int, level: float = 0.95
) -> tuple[float, float]:
    """The interval of a difference of two rates over the same items.

    Bonett and Price 2012, one of the three that Fagerland, Lydersen and Laake 2014 recommend:
    one more item on either side keeps it honest where few items differ, or none.

    Args:
        wins: Items on which only the first does well.
        losses: Items on which only the second does well.
        n: All items.
        level: How sure; 0.95 for 95 %.

    Returns:
        Bounds within −1 to 1, both NaN for no items.

    Raises:
        BadArgument: More wins and losses than items, or a level outside 0 to 1.
    """
    if min(wins, losses) < 0 or wins + losses > n:
        raise BadArgument(
            f"{wins} wins and {losses} losses of {n} items", hint="Give counts of the same items."
        )

    if n == 0:
        return nan, nan

    z = normal_quantile((1 + checked_level(level)) / 2)
    won, lost = (wins + 1) / (n + 2), (losses + 1) / (n + 2)
    half = z * sqrt((won + lost - (won - lost) ** 2) / (n + 2))
    return max(-1.0, won - lost - half), min(1.0, won - lost + half)


def _student(
    differences: Sequence[float], groups: Sequence[Hashable] | None, level: float
) -> _Outcome:
    diff = _mean_difference(differences)
    if groups is None:
        error, df, name = standard_error(differences), len(differences) - 1, "paired t"
    else:
        error, df = clustered_error(differences, groups), len(set(groups)) - 1
        name = "paired t, clustered"

    if df < 1:
        return _Outcome("none", nan, 1.0, nan, nan, nan)

    if error <= _ROUNDING * abs(diff):
        return _always_the_same(diff, differences, df + 1, name)

    t = diff / error
    half = t_quantile((1 + level) / 2, df) * error
    return _Outcome(name, t, t_two_sided(t, df), error, diff - half, diff + half)


def _always_the_same(
    diff: float, differences: Sequence[float], independent: int, name: str
) -> _Outcome:
    """Without spread t is infinite, and its p of 0 a lie: only the signs can be tested."""
    if diff == 0:
        return _Outcome(name, 0.0, 1.0, 0.0, 0.0, 0.0)

    is_one_sided = all(copysign(1, each) == copysign(1, diff) for each in differences)
    p = binomial_two_sided(0, independent) if is_one_sided else 1.0
    return _Outcome("sign exact", copysign(inf, diff), p, 0.0, diff, diff)


def _needed(diff: float, error: float, n: int, effect: float | None, level: float) -> int | None:
    if not error > 0:
        return None

    return n_needed(effect or diff or FIVE_POINTS, sd=error * sqrt(n), level=level)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p values for being several: Holm 1979, step by step from the smallest.

    Args:
        p_values: In any order; none may be NaN.

    Returns:
        The adjusted ones in the same order, at most 1. Below 0.05 they hold together with
        5 % risk for the whole family.
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [1.0] * len(p_values)
    most = 0.0
    for passed, place in enumerate(order):
        most = max(most, min(1.0, (len(p_values) - passed) * p_values[place]))
        adjusted[place] = most

    return adjusted
