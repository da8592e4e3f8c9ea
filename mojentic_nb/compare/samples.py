"""What is counted: values by item, which of them are known, and how far their mean may be off.

Law: pure, of the standard library. The unit is the item: who calls has averaged the repeats of
an item first. An item without a value is left out, never counted as 0.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import fsum, isnan, nan, sqrt
from typing import TypeGuard

from mojentic_nb.errors import BadArgument

__all__ = [
    "Clusters",
    "Values",
    "checked_level",
    "clustered_error",
    "is_known",
    "known",
    "known_clusters",
    "mean_of",
    "standard_error",
]

# A value for each item, in the items' order.
Values = Sequence[float | None]

# To which group each item belongs; an item with None is a group of its own.
Clusters = Sequence[Hashable | None]


def is_known(value: float | None) -> TypeGuard[float]:
    """Whether there is a value: not None, not NaN."""
    return value is not None and not isnan(value)


def known(values: Values) -> list[float]:
    """The values that are known, in their order."""
    return [float(value) for value in values if is_known(value)]


def known_clusters(values: Values, clusters: Clusters) -> list[Hashable]:
    """The group of each known value; one without a group stands alone.

    Raises:
        BadArgument: Not as many groups as values.
    """
    if len(values) != len(clusters):
        raise BadArgument(
            f"{len(clusters)} clusters for {len(values)} items",
            hint="Give a cluster for each item, or None for one that stands alone.",
        )

    return [
        ("alone", place) if _is_nothing(cluster) else ("of", cluster)
        for place, (value, cluster) in enumerate(zip(values, clusters, strict=True))
        if is_known(value)
    ]


def _is_nothing(cluster: Hashable | None) -> bool:
    return cluster is None or (isinstance(cluster, float) and isnan(cluster))


def mean_of(sample: Sequence[float]) -> float:
    """The mean; NaN of nothing."""
    return fsum(sample) / len(sample) if sample else nan


def standard_error(sample: Sequence[float]) -> float:
    """Standard error of the mean of independent values; NaN for fewer than two."""
    n = len(sample)
    if n < 2:
        return nan

    mean = mean_of(sample)
    return sqrt(fsum((value - mean) ** 2 for value in sample) / (n - 1) / n)


def clustered_error(sample: Sequence[float], clusters: Sequence[Hashable]) -> float:
    """Standard error of the mean where items of one cluster may go together.

    √(C/(C−1) · Σ_c (Σ_{i∈c} (sᵢ − s̄))²) / n: Liang and Zeger 1986, as Miller 2024 ("Adding
    error bars to evals") uses it, with the usual correction for few clusters C.

    Returns:
        The error; NaN for fewer than two clusters.
    """
    mean = mean_of(sample)
    residuals: dict[Hashable, list[float]] = {}
    for value, cluster in zip(sample, clusters, strict=True):
        residuals.setdefault(cluster, []).append(value - mean)

    count = len(residuals)
    if count < 2:
        return nan

    squares = fsum(fsum(group) ** 2 for group in residuals.values())
    return sqrt(count / (count - 1) * squares) / len(sample)


def checked_level(level: float) -> float:
    """A level of confidence, as it is.

    Raises:
        BadArgument: A level outside 0 to 1, or one of the two.
    """
    if not 0 < level < 1:
        raise BadArgument(f"level={level}", hint="Give a share between 0 and 1, such as 0.95.")

    return level
