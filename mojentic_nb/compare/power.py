"""How many items it takes to tell two models apart.

Law: pure. By the normal law, which is near enough for planning: the curve reaches 80 % where
`n_needed` says it does. How differences spread is taken from the run, never assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, isfinite, sqrt
from typing import Protocol

from mojentic_nb.compare.samples import checked_level
from mojentic_nb.compare.special import normal_cdf, normal_quantile
from mojentic_nb.errors import BadArgument

__all__ = [
    "FIVE_POINTS",
    "POWER",
    "Compared",
    "PowerRow",
    "n_needed",
    "power_of",
    "power_rows",
]

# How often a difference that is there should be found; Cohen 1988 and everyone since.
POWER = 0.8

# What to look for where no difference was observed: five points of a rate.
FIVE_POINTS = 0.05

_POINTS_OF_A_CURVE = 40
_FEWEST = 5


class Compared(Protocol):
    """What of a paired test the power rests on."""

    @property
    def a(self) -> str:
        """One of the two."""

    @property
    def b(self) -> str:
        """The other."""

    @property
    def n(self) -> int:
        """Items."""

    @property
    def diff(self) -> float:
        """Mean difference."""

    @property
    def se(self) -> float:
        """Its standard error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerRow:
    """One point of one pair's curve.

    Attributes:
        a: One of the two.
        b: The other.
        effect: Difference to be found, in the unit of the score.
        n: Items asked.
        power: How often so many items would show it.
        n_run: Items of this run.
        n_needed: Items for a power of 80 %.
    """

    a: str
    b: str
    effect: float
    n: int
    power: float
    n_run: int
    n_needed: int


def n_needed(effect: float, *, sd: float, level: float = 0.95, power: float = POWER) -> int:
    """Items that it takes to find a difference with this power.

    ((z₁₋α/₂ + z_power) · sd / effect)², as every textbook of sample sizes has it.

    Args:
        effect: Difference to be found, in the unit of the score; its sign does not matter.
        sd: Standard deviation of the differences item by item, in the same unit.
        level: How sure of a difference one wants to be; 0.95 for 95 %.
        power: How often it should be found.

    Returns:
        At least 2.

    Raises:
        BadArgument: No effect, no deviation, or a share outside 0 to 1.
    """
    _check(effect, sd)
    quantiles = normal_quantile((1 + checked_level(level)) / 2) + normal_quantile(power)
    return max(2, ceil((quantiles * sd / effect) ** 2))


def power_of(n: int, *, effect: float, sd: float, level: float = 0.95) -> float:
    """How often `n` items show a difference of this size.

    Args:
        n: Items.
        effect: Difference to be found, in the unit of the score.
        sd: Standard deviation of the differences item by item, in the same unit.
        level: How sure of a difference one wants to be.

    Raises:
        BadArgument: No effect, no deviation, or a level outside 0 to 1.
    """
    _check(effect, sd)
    z = normal_quantile((1 + checked_level(level)) / 2)
    shift = abs(effect) * sqrt(n) / sd
    return normal_cdf(shift - z) + normal_cdf(-shift - z)


def _check(effect: float, sd: float) -> None:
    if effect == 0 or not isfinite(effect):
        raise BadArgument(f"effect={effect}", hint="Name the difference to be found: 0.05.")

    if not sd > 0 or not isfinite(sd):
        raise BadArgument(
            f"sd={sd}", hint="Without any spread of differences every size is enough, or none."
        )


def power_rows(
    pairs: Iterable[Compared], *, effect: float | None = None, level: float = 0.95
) -> list[PowerRow]:
    """A power curve for each pair, with the spread of its differences in this run.

    Args:
        pairs: Paired tests. One whose differences do not vary has no curve.
        effect: Difference to be found; None for each pair's own, and for five points where
            that is 0.
        level: How sure of a difference one wants to be.
    """
    rows = []
    for pair in pairs:
        sd = pair.se * sqrt(pair.n)
        if not sd > 0:
            continue

        sought = abs(effect or pair.diff or FIVE_POINTS)
        needed = n_needed(sought, sd=sd, level=level)
        rows += [
            PowerRow(
                a=pair.a,
                b=pair.b,
                effect=sought,
                n=n,
                power=power_of(n, effect=sought, sd=sd, level=level),
                n_run=pair.n,
                n_needed=needed,
            )
            for n in _sizes(most=max(needed, pair.n))
        ]

    return rows


def _sizes(*, most: int) -> Sequence[int]:
    """Sizes from few to twice as many as are wanted, evenly on a logarithmic axis."""
    growth = (max(2 * most, 4 * _FEWEST) / _FEWEST) ** (1 / (_POINTS_OF_A_CURVE - 1))
    return sorted({round(_FEWEST * growth**step) for step in range(_POINTS_OF_A_CURVE)})
