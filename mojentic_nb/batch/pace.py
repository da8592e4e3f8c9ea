"""How many calls of one provider may be under way: more while all goes well, fewer when told.

Law: pure; times are given. Additive increase, multiplicative decrease (Chiu and Jain 1989,
as in TCP), so that several of us at one provider come to fair shares.
"""

from __future__ import annotations

import math

__all__ = ["AUTO", "Pace"]

AUTO = "auto"

# Where nobody says how many: gentle to a laptop's Ollama, and 64 after some 600 answers.
BEGIN = 4
MOST = 64

# Answers without trouble for one more place, and what a 429 leaves of the places.
CLEAN = 10
SHRINK = 0.7

# Seconds in which further 429s belong to the same trouble: what was under way fails as well.
EPISODE_S = 1.0

# As `Retry.longest_wait_s`: whoever wants more is asked again, and says so again.
LONGEST_PAUSE_S = 60.0


class Pace:
    """The places at one provider's address.

    Args:
        concurrency: Places from the beginning, and at most; `None` begins with a few.

    Attributes:
        limit: How many calls may be under way now.
        episodes: How often the provider wanted fewer.
    """

    def __init__(self, concurrency: int | None = None) -> None:
        self.limit = concurrency or BEGIN
        self.episodes = 0
        self._most = concurrency or MOST
        self._clean = 0
        self._ends_at = -math.inf
        self._paused_until = -math.inf

    def went_well(self) -> None:
        """A call was answered."""
        self._clean += 1
        if self._clean >= CLEAN and self.limit < self._most:
            self._clean = 0
            self.limit += 1

    def went_wrong(self) -> None:
        """The server is in trouble of its own (5xx, silence): no growth for now."""
        self._clean = 0

    def slow_down(self, now: float, wait_s: float = 0.0) -> None:
        """The provider wants fewer calls (429).

        Args:
            now: Monotonic seconds.
            wait_s: For how long it wants none at all (Retry-After).
        """
        self._clean = 0
        pause_s = min(wait_s, LONGEST_PAUSE_S)
        self._paused_until = max(self._paused_until, now + pause_s)
        if now < self._ends_at:
            return

        self.episodes += 1
        self._ends_at = now + max(EPISODE_S, pause_s)
        self.limit = max(1, math.floor(self.limit * SHRINK))

    def pause_s(self, now: float) -> float:
        """Seconds until the next call may be made."""
        return max(0.0, self._paused_until - now)
