"""How good on average, how steady, how fast: means, medians and their intervals.

Law: pure. A mean has Student's interval over items (n − 1 degrees of freedom), or over clusters;
a median has the bootstrap's, whose seed is part of the call: the same numbers every time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum, nan, sqrt
from typing import TYPE_CHECKING, Any, Literal

from mojentic_nb.compare.samples import (
    Clusters,
    Values,
    checked_level,
    clustered_error,
    is_known,
    known,
    known_clusters,
    mean_of,
    standard_error,
)
from mojentic_nb.compare.special import t_quantile
from mojentic_nb.errors import BadArgument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "FEW_CLUSTERS",
    "Bootstrap",
    "MeanCI",
    "Noise",
    "Statistic",
    "bootstrap_difference",
    "mean_interval",
    "repeat_noise",
]

Statistic = Literal["mean", "median"]

# With fewer, a clustered interval is too narrow; Cameron and Miller 2015 see it below 20 to 50,
# with t quantiles of C − 1 degrees of freedom well below that.
FEW_CLUSTERS = 10

# Numbers drawn at once: 8 MB of them, however many items there are.
_DRAWN_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanCI:
    """A mean with its interval.

    Attributes:
        mean: NaN for no items.
        se: Its standard error; NaN for fewer than two items or clusters.
        lo: Lower bound; NaN where the error is.
        hi: Upper bound; NaN where the error is.
        n: Items with a value.
        df: Degrees of freedom.
        method: What the interval is, in words for a caption.
        warning: What makes it doubtful, or an empty text.
    """

    mean: float
    se: float
    lo: float
    hi: float
    n: int
    df: int
    method: str
    warning: str = ""


def mean_interval(
    values: Values, *, clusters: Clusters | None = None, level: float = 0.95
) -> MeanCI:
    """Estimate a mean over items.

    Args:
        values: A number for each item, its repeats averaged; None or NaN where there is none.
        clusters: The group of each item, where items of a group may go together.
        level: How sure; 0.95 for 95 %.

    Raises:
        BadArgument: Not as many clusters as items, or a level outside 0 to 1.
    """
    checked_level(level)
    sample = known(values)
    method, warning, df = "t", "", len(sample) - 1
    if clusters is None:
        error = standard_error(sample)
    else:
        groups = known_clusters(values, clusters)
        error, df = clustered_error(sample, groups), len(set(groups)) - 1
        method = f"t, {df + 1} clusters"
        warning = _few(df + 1) if sample else ""

    mean = mean_of(sample)
    half = t_quantile((1 + level) / 2, df) * error if df > 0 else nan
    return MeanCI(
        mean=mean,
        se=error,
        lo=mean - half,
        hi=mean + half,
        n=len(sample),
        df=max(df, 0),
        method=method,
        warning=warning,
    )


def _few(clusters: int) -> str:
    if clusters >= FEW_CLUSTERS:
        return ""

    return f"only {clusters} cluster{'' if clusters == 1 else 's'}: the interval may be too narrow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """How much an answer changes when the same thing is asked again.

    Attributes:
        sd: Standard deviation within an item, pooled over items; NaN without repeats.
        flip_rate: Share of repeated items whose values are not all the same; NaN without.
        n: Items with two values or more.
    """

    sd: float
    flip_rate: float
    n: int


def repeat_noise(repeats: Iterable[Values]) -> Noise:
    """Measure the spread within items, apart from the spread between them.

    Args:
        repeats: For each item the values of its repeats; unknown ones are left out.
    """
    samples = [sample for values in repeats if len(sample := known(values)) > 1]
    if not samples:
        return Noise(sd=nan, flip_rate=nan, n=0)

    squares = fsum(len(sample) * (len(sample) - 1) * _error_squared(sample) for sample in samples)
    freedom = sum(len(sample) - 1 for sample in samples)
    flips = sum(len(set(sample)) > 1 for sample in samples)
    return Noise(sd=sqrt(squares / freedom), flip_rate=flips / len(samples), n=len(samples))


def _error_squared(sample: Sequence[float]) -> float:
    return standard_error(sample) ** 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """What resampling tells.

    Attributes:
        estimate: The statistic of the values themselves; NaN for none.
        lo: Lower bound; NaN for fewer than two values.
        hi: Upper bound; NaN for fewer than two values.
        n: Values, or pairs of them.
        draws: How often it was resampled.
        seed: With which one.
    """

    estimate: float
    lo: float
    hi: float
    n: int
    draws: int
    seed: int


def bootstrap_difference(
    first: Values,
    second: Values,
    *,
    statistic: Statistic = "mean",
    is_paired: bool = True,
    draws: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> Bootstrap:
    """The percentile interval of a difference, first less second.

    Args:
        first: A number for each item; None or NaN where there is none.
        second: The same of the other; of the same items in the same order where paired.
        statistic: Difference of the two `mean`s or of the two `median`s.
        is_paired: Resample items, so that what makes an item hard for both cancels.
        draws: How often to resample.
        seed: Of the random draws; the same seed gives the same interval.
        level: How sure; 0.95 for 95 %.

    Raises:
        BadArgument: Paired values of different length, an unknown statistic, no draws, or a
            level outside 0 to 1.
    """
    if is_paired:
        pairs = _pairs(first, second)
        samples = [_array([a for a, _ in pairs]), _array([b for _, b in pairs])]
    else:
        samples = [_array(known(first)), _array(known(second))]

    return _bootstrap(samples, statistic, draws=draws, seed=seed, level=level, paired=is_paired)


def _pairs(first: Values, second: Values) -> list[tuple[float, float]]:
    if len(first) != len(second):
        raise BadArgument(
            f"{len(first)} values beside {len(second)}",
            hint="Paired values are of the same items in the same order, None where one lacks.",
        )

    return [
        (float(a), float(b))
        for a, b in zip(first, second, strict=True)
        if is_known(a) and is_known(b)
    ]


def _array(sample: Sequence[float]) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(sample, dtype=np.float64)


def _bootstrap(
    samples: list[NDArray[np.float64]],
    statistic: Statistic,
    *,
    draws: int,
    seed: int,
    level: float,
    paired: bool,
) -> Bootstrap:
    import numpy as np

    if draws < 1:
        raise BadArgument(f"draws={draws}", hint="Resample at least once; 10,000 is usual.")

    checked_level(level)
    of = _statistic(statistic)
    count = min(len(sample) for sample in samples)
    made = {"n": count, "draws": draws, "seed": seed}
    if not count:
        return Bootstrap(estimate=nan, lo=nan, hi=nan, **made)

    estimate = _first_less_second([float(of(sample, axis=0)) for sample in samples])
    if count < 2:
        return Bootstrap(estimate=estimate, lo=nan, hi=nan, **made)

    random = np.random.default_rng(seed)
    at_once = max(1, _DRAWN_AT_ONCE // max(len(sample) for sample in samples))
    found = []
    for begun in range(0, draws, at_once):
        rows = min(at_once, draws - begun)
        places = [random.integers(0, len(sample), (rows, len(sample))) for sample in samples[:1]]
        places += [
            places[0] if paired else random.integers(0, len(sample), (rows, len(sample)))
            for sample in samples[1:]
        ]
        drawn = [of(sample[place], axis=1) for sample, place in zip(samples, places, strict=True)]
        found.append(_first_less_second(drawn))

    tail = (1 - level) / 2
    lo, hi = np.quantile(np.concatenate(found), [tail, 1 - tail])
    return Bootstrap(estimate=estimate, lo=float(lo), hi=float(hi), **made)


def _first_less_second(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values[0] - values[1]


def _statistic(name: str) -> Any:
    import numpy as np

    if name not in ("mean", "median"):
        raise BadArgument(f"statistic={name!r}", hint="Choose mean or median.")

    return np.mean if name == "mean" else np.median
