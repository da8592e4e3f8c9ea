"""From battles between two to a ranking of all: Bradley and Terry's strengths.

Law: pure. A tie is half a win for both. Strengths sum to zero: no model is the anchor, whose
interval would then be nothing (FastChat issue 3377). Battles about one item go together. What
was never compared, directly or through others, is refused, not guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.bouts import (
    Bout,
    Bouts,
    check_connected,
    once_an_item,
    read_bouts,
    unbounded,
    wins_of,
)
from mojentic_nb.compare.samples import checked_level
from mojentic_nb.compare.special import normal_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ELO_OF_ONE", "ELO_OF_ZERO", "Ranking", "Strength", "bradley_terry", "elo"]

# Elo's scale, for display only: ten times the odds are 400 points, the middle is 1000.
ELO_OF_ONE = 400 / log(10)
ELO_OF_ZERO = 1000.0

# Keeps Newton's matrix regular; moves strengths by less than their sixth digit.
RIDGE = 1e-6

_MOST_STEPS = 100
_CONVERGED = 1e-12
_SAME_STRENGTH = 1e-9
# One item that says another thing than the rest pulls far harder than this; the ridge does not.
_NO_SPREAD = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """One model in a ranking.

    Attributes:
        model: Its name.
        theta: Strength in log odds: how far above another is the log of its odds to win.
        elo: The same on Elo's scale, for display.
        se: Standard error of `theta`.
        lo: Lower bound of `theta`.
        hi: Upper bound of `theta`.
        elo_lo: Lower bound on Elo's scale.
        elo_hi: Upper bound on Elo's scale.
        rank: 1 for the strongest; equal strengths share one.
        rank_lo: Best rank that the pairwise differences allow.
        rank_hi: Worst rank that they allow.
        n_battles: Battles it was in.
        win_rate: Share of them it won, ties as half.
    """

    model: str
    theta: float
    elo: float
    se: float
    lo: float
    hi: float
    elo_lo: float
    elo_hi: float
    rank: int
    rank_lo: int
    rank_hi: int
    n_battles: int
    win_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Strengths, strongest first.

    Attributes:
        strengths: One for each model.
        n_battles: Battles in all.
        n_items: Items, each battle without one counted for itself.
        warning: What makes the ranking doubtful, or an empty text.
    """

    strengths: tuple[Strength, ...]
    n_battles: int
    n_items: int
    warning: str = ""


def elo(theta: float) -> float:
    """A strength on Elo's scale: 1000 in the middle, 400 points for ten times the odds."""
    return ELO_OF_ZERO + ELO_OF_ONE * theta


def bradley_terry(battles: Iterable[Bout | Sequence[Any]], *, level: float = 0.95) -> Ranking:
    """Rank models by their battles.

    The model is Bradley and Terry's (1952): P(a beats b) = 1 / (1 + exp(θ_b − θ_a)). Its
    likelihood is climbed by Newton's steps; the covariance is the sandwich of Liang and Zeger
    (1986) over items. Where some models never lost to the others, those strengths have no
    bound; then half a win is added on both sides of every pair that met (Haldane 1956), each
    item counts once for each pair, and the ranking carries a warning. Where every item says the
    same, as in nothing but ties, a spread of nothing would be no error: there, too, the
    covariance is that of one battle an item, with a warning.

    Args:
        battles: Each a `Bout`, or its four values in order.
        level: How sure; 0.95 for 95 %.

    Raises:
        BadArgument: Fewer than two items, a score outside 0 to 1, a model against itself, or
            models that no chain of battles connects; the message names the groups.
    """
    z = normal_quantile((1 + checked_level(level)) / 2)
    fought = read_bouts(battles)
    check_connected(fought)
    met = wins_of(fought)
    once = wins_of(fought, once_an_item(fought))
    apart = unbounded(met > 0)
    if apart:
        met = once = once + 0.5 * ((once + once.T) > 0)

    theta = _climb(met)
    meat = _meat(theta, fought)
    is_alike = float(meat.trace()) < _NO_SPREAD
    if apart or is_alike:
        covariance = _inverse(_curvature(theta, once))
    else:
        bread = _inverse(_curvature(theta, met))
        covariance = bread @ meat @ bread

    return Ranking(
        strengths=_strengths(fought, theta, covariance, z),
        n_battles=len(fought.score),
        n_items=fought.items,
        warning=_warning(fought, apart, is_alike),
    )


def _warning(fought: Bouts, apart: Sequence[Sequence[int]], is_alike: bool) -> str:
    if bool((fought.score == 0.5).all()):
        return "every battle ended in a tie: nothing tells the models apart"

    if not apart:
        return (
            "every item says the same: intervals are those of one battle each" if is_alike else ""
        )

    best = ", ".join(fought.names[place] for place in apart[0])
    return (
        f"{best} never lost to the rest: how much better is not known, "
        "only at least how much; more items would tell"
    )


def _climb(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """The strengths under which these wins are likeliest."""
    import numpy as np

    theta = np.zeros(len(wins))
    best = _likelihood(theta, wins)
    for _ in range(_MOST_STEPS):
        step = _inverse(_curvature(theta, wins)) @ _slope(theta, wins)
        share = 1.0
        while (found := _likelihood(theta + share * step, wins)) < best - 1e-12 * abs(best):
            share /= 2

        theta, best = theta + share * step, found
        if np.abs(step).max() < _CONVERGED:
            break

    centred: NDArray[np.float64] = theta - theta.mean()
    return centred


def _chances(theta: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return 1 / (1 + np.exp(np.clip(theta[None, :] - theta[:, None], -700, 700)))


def _likelihood(theta: NDArray[np.float64], wins: NDArray[np.float64]) -> float:
    import numpy as np

    lost = np.logaddexp(0, theta[None, :] - theta[:, None])
    return float(-(wins * lost).sum() - RIDGE / 2 * (theta**2).sum())


def _slope(theta: NDArray[np.float64], wins: NDArray[np.float64]) -> NDArray[np.float64]:
    excess = wins - (wins + wins.T) * _chances(theta)
    slope: NDArray[np.float64] = excess.sum(axis=1) - RIDGE * theta
    return slope


def _curvature(theta: NDArray[np.float64], wins: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    chance = _chances(theta)
    told = (wins + wins.T) * chance * (1 - chance)
    return np.diag(told.sum(axis=1) + RIDGE) - told


def _inverse(curvature: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse among strengths that sum to zero; the sum itself is nobody's to know."""
    import numpy as np

    count = len(curvature)
    share = np.full((count, count), 1 / count)
    scale = float(np.trace(curvature)) / count
    return np.linalg.inv(curvature + scale * share) - share / scale


def _meat(theta: NDArray[np.float64], fought: Bouts) -> NDArray[np.float64]:
    """How far the battles about each item pull the strengths, squared and summed over items."""
    import numpy as np

    count = len(theta)
    gap = theta[fought.first] - theta[fought.second]
    pull = fought.score - 1 / (1 + np.exp(-gap))
    if fought.items == len(pull):
        told = np.bincount(fought.first * count + fought.second, pull**2, count * count)
        both = told.reshape(count, count)
        both = both + both.T
        meat = np.diag(both.sum(axis=1)) - both
    else:
        size = fought.items * count
        pulls = np.bincount(fought.item * count + fought.first, pull, size)
        pulls -= np.bincount(fought.item * count + fought.second, pull, size)
        by_item = pulls.reshape(fought.items, count)
        meat = by_item.T @ by_item

    few = fought.items / (fought.items - 1)
    return np.multiply(meat, few, dtype=np.float64)


def _strengths(
    fought: Bouts, theta: NDArray[np.float64], covariance: NDArray[np.float64], z: float
) -> tuple[Strength, ...]:
    import numpy as np

    variance = covariance.diagonal()
    gap = theta[:, None] - theta[None, :]
    error = np.sqrt(np.maximum(variance[:, None] + variance[None, :] - 2 * covariance, 0))
    is_above = (gap > z * error) & (gap > _SAME_STRENGTH)
    wins = wins_of(fought)
    battles = np.bincount(fought.first, minlength=len(theta))
    battles = battles + np.bincount(fought.second, minlength=len(theta))
    found = []
    for place, name in enumerate(fought.names):
        middle, se = float(theta[place]), float(np.sqrt(max(variance[place], 0.0)))
        found.append(
            Strength(
                model=name,
                theta=middle,
                elo=elo(middle),
                se=se,
                lo=middle - z * se,
                hi=middle + z * se,
                elo_lo=elo(middle - z * se),
                elo_hi=elo(middle + z * se),
                rank=1 + int((gap[:, place] > _SAME_STRENGTH).sum()),
                rank_lo=1 + int(is_above[:, place].sum()),
                rank_hi=len(theta) - int(is_above[place].sum()),
                n_battles=int(battles[place]),
                win_rate=float(wins[place].sum() / battles[place]),
            )
        )

    return tuple(sorted(found, key=lambda strength: (-strength.theta, strength.model)))
