"""How a thing is timed here.

Law: ours and the other run in turns, so that a machine that slows down slows both;
the least of many rounds is taken, since noise only ever adds. CPU is this process's:
the server has its own.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Row", "Subject", "beside"]


@dataclass(frozen=True, slots=True)
class Subject:
    """Something to time: `run` does it `count` times over."""

    name: str
    run: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        seconds: CPU seconds of one of them, or wall seconds where `what` says a time.
        bar: Highest ratio to the first subject that is good enough; 0 for none.
    """

    what: str
    name: str
    seconds: float
    ratio: float
    bar: float = 0.0
    size_bytes: int | None = None

    @property
    def each(self) -> str:
        """What one of them took."""
        if self.size_bytes is not None:
            return f"{self.size_bytes:,} bytes"

        return f"{self.seconds * 1e6:.1f} µs"

    @property
    def verdict(self) -> str:
        """Whether the bar is reached."""
        return "" if not self.bar else "ok" if self.ratio <= self.bar else "SHORT"


def beside(
    what: str,
    subjects: list[Subject],
    *,
    rounds: int = 9,
    bars: dict[str, float] | None = None,
    clock: Callable[[], float] = time.process_time,
) -> list[Row]:
    """Time subjects in turns; ratios are to the first one."""
    least = {subject.name: float("inf") for subject in subjects}
    for subject in subjects:
        subject.run()  # connections, imports and caches are not what is measured

    for _ in range(rounds):
        for subject in subjects:
            gc.collect()
            began = clock()
            count = subject.run()
            least[subject.name] = min(least[subject.name], (clock() - began) / count)

    first = least[subjects[0].name]
    return [
        Row(what, name, seconds, seconds / first, (bars or {}).get(name, 0.0))
        for name, seconds in least.items()
    ]
