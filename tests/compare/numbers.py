"""Numbers for tests that come out the same on every machine and under every Python.

Law: SciPy's and statsmodels' answers about them were worked out once, and are kept in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import exp

# Twelve items of two models, in five clusters.
FIRST = [0.2, 0.9, 0.4, 0.55, 0.7, 0.1, 1.0, 0.35, 0.8, 0.65, 0.5, 0.3]
SECOND = [0.1, 0.7, 0.45, 0.5, 0.4, 0.2, 0.9, 0.3, 0.85, 0.3, 0.6, 0.15]
CLUSTERS = list("aaabbccccdde")


def chances(seed: int) -> Iterator[float]:
    """Evenly spread numbers from 0 to 1: Knuth's congruential generator (MMIX)."""
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (seed >> 11) / 2**53


def bouts(
    models: int, *, items: int, seed: int, each: int = 3
) -> list[tuple[str, str, float, int]]:
    """Battles of models of which each next one is a little stronger, with some ties."""
    chance = chances(seed)
    found = []
    for item in range(items):
        for _ in range(each):
            a, b = int(next(chance) * models), int(next(chance) * (models - 1))
            b += b >= a
            is_won = next(chance) < 1 / (1 + exp(-(b - a) * 0.4))
            score = 0.5 if next(chance) < 0.15 else float(is_won)
            found.append((f"m{a}", f"m{b}", score, item))

    return found
