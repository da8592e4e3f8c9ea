"""How often it goes well: a rate over items, with an interval that holds for few of them.

Law: pure. An item with one answer counts 0 or 1 and has Wilson's interval. An item whose
repeats differ counts its share, and then, as with clusters, the interval is Wilson's for as
many independent items as would tell as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan, sqrt

from mojentic_nb.compare.samples import (
    Clusters,
    Values,
    checked_level,
    clustered_error,
    known,
    known_clusters,
    mean_of,
    standard_error,
)
from mojentic_nb.compare.special import normal_quantile, t_quantile
from mojentic_nb.errors import BadArgument

__all__ = ["RateCI", "rate_interval", "score_interval"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCI:
    """A rate with its interval.

    Attributes:
        rate: From 0 to 1; NaN for no items.
        lo: Lower bound, within 0 to 1.
        hi: Upper bound, within 0 to 1.
        n: Items with a value.
        n_effective: Independent 0-or-1 items that would tell as much.
        method: What the interval is, in words for a caption.
    """

    rate: float
    lo: float
    hi: float
    n: int
    n_effective: float
    method: str


def rate_interval(
    values: Values,
    *,
    clusters: Clusters | None = None,
    cells: int | None = None,
    level: float = 0.95,
) -> RateCI:
    """Estimate a rate from the share of each item that went well.

    Args:
        values: For each item the share of its repeats that went well, 0 to 1 (so 0 or 1, or
            False or True, for a single answer); None or NaN for one without an answer.
        clusters: The group of each item, where items of a group may go together.
        cells: Answers in all, repeats counted; bounds how much the repeats can tell.
        level: How sure; 0.95 for 95 %.

    Returns:
        The rate, its bounds, and what they rest on. Without an item all are NaN.

    Raises:
        BadArgument: A share outside 0 to 1, or not as many clusters as items.
    """
    checked_level(level)
    sample = known(values)
    if any(not 0 <= share <= 1 for share in sample):
        wrong = next(share for share in sample if not 0 <= share <= 1)
        raise BadArgument(f"share={wrong}", hint="A rate is of shares from 0 to 1.")

    n, rate = len(sample), mean_of(sample)
    if not sample:
        return RateCI(rate=nan, lo=nan, hi=nan, n=0, n_effective=0.0, method="no items")

    if clusters is not None:
        groups = known_clusters(values, clusters)
        weight = _clustered_size(sample, groups, most=max(n, cells or 0), level=level)
        method = f"Wilson, {len(set(groups))} clusters"
    elif all(share in (0, 1) for share in sample):
        weight, method = float(n), "Wilson"
    else:
        weight = _size(rate, standard_error(sample), most=max(n, cells or 0))
        method = "Wilson, repeats averaged"

    lo, hi = score_interval(rate, n=weight, level=level)
    return RateCI(rate=rate, lo=lo, hi=hi, n=n, n_effective=weight, method=method)


def _clustered_size(
    sample: Sequence[float], groups: Sequence[object], *, most: int, level: float
) -> float:
    """The effective size under clusters, less what few clusters leave unknown.

    Korn and Graubard 1998: design-based size, times the squared ratio of the t quantiles of
    as many items and as many clusters.
    """
    count, rate = len(set(groups)), mean_of(sample)
    if count < 2:
        return 1.0

    if rate in (0, 1):
        return float(count)  # all alike: nothing shows that items of one cluster differ

    tail = (1 + level) / 2
    few = (t_quantile(tail, len(sample) - 1) / t_quantile(tail, count - 1)) ** 2
    return max(1.0, few * _size(rate, clustered_error(sample, groups), most=most))


def _size(rate: float, error: float, *, most: int) -> float:
    """How many 0-or-1 items have this standard error of their rate."""
    spread = rate * (1 - rate)
    return min(float(most), spread / error**2) if error > 0 else float(most)


def score_interval(rate: float, *, n: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval for a rate of any number of trials, whole or not.

    Precedents: Wilson 1927; with an effective size Franco, Little, Louis and Slud 2019
    ("Comparative study of confidence intervals for proportions in complex sample surveys").
    """
    z = normal_quantile((1 + checked_level(level)) / 2)
    shrink = 1 + z * z / n
    middle = (rate + z * z / (2 * n)) / shrink
    half = z * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / shrink
    low = 0.0 if rate == 0 else max(0.0, middle - half)
    high = 1.0 if rate == 1 else min(1.0, middle + half)
    return low, high
