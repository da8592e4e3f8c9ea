"""The demo model's embeddings: which words and parts of words a text has, no more.

Law: pure and deterministic. Texts that share words lie close together, so a notebook on
search by meaning runs offline; that "car" and "automobile" are one thing it cannot know.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from math import log1p, sqrt
from zlib import crc32

__all__ = ["vector_of"]

# Enough that a few hundred words seldom share a place, few enough to print.
DIMENSIONS = 256


def vector_of(text: str) -> list[float]:
    """A vector of length 1; texts without a word give one of zeros."""
    sums = [0.0] * DIMENSIONS
    for piece, times in Counter(_pieces(text)).items():
        place = crc32(piece.encode())
        # Half of the pieces count downwards, so that shared places cancel out on average.
        sums[place % DIMENSIONS] += log1p(times) * (1 if place & 0x8000_0000 else -1)

    length = sqrt(sum(value * value for value in sums))
    return [round(value / length, 6) for value in sums] if length else sums


def _pieces(text: str) -> Iterator[str]:
    for word in re.findall(r"\w+", text.casefold()):
        yield word
        # Word forms share most of these: "walks", "walking".
        yield from (f"#{word[at : at + 4]}" for at in range(len(word) - 3))
