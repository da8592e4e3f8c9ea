"""Time, as something that can be handed in.

Law: nobody else calls `time` or sleeps. `FrozenClock` ships so that a test or a
replay can own time; waiting on it costs nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["Clock", "FrozenClock", "Stamp", "SystemClock", "TurnClock"]


class Clock(Protocol):
    """What a driver asks of time; all values in seconds."""

    def now(self) -> float:
        """Monotonic seconds; only differences mean anything."""

    def sleep(self, seconds: float) -> None:
        """Wait here, in this thread."""

    async def asleep(self, seconds: float) -> None:
        """Wait without blocking the running loop."""


class SystemClock:
    """The machine's clock."""

    now = staticmethod(time.perf_counter)
    sleep = staticmethod(time.sleep)

    async def asleep(self, seconds: float) -> None:
        """Wait without blocking the running loop."""
        await asyncio.sleep(seconds)


class FrozenClock:
    """A clock that moves only when somebody waits on it.

    Attributes:
        waits: Every wait asked for, in order, in seconds.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self.waits: list[float] = []

    def now(self) -> float:
        """Seconds waited so far, on top of the start."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move on by `seconds` at once."""
        self.waits.append(seconds)
        self._now += seconds

    async def asleep(self, seconds: float) -> None:
        """Move on by `seconds` and let other tasks run once."""
        self.sleep(seconds)
        await asyncio.sleep(0)


class Stamp:
    """When an exchange took place, where a cassette has to do with it; else empty.

    Attributes:
        run: Which recording the times are of.
        asked_s: When it was asked, in seconds of that run.
        at_s: Seconds from asking to what was read last; `None` where a clock is to be asked.
        asked_at: The same moment as `asked_s`, by the clock of the turn.
        is_instant: It is replayed without waiting.
    """

    run = ""
    asked_s = 0.0
    at_s: float | None = None
    asked_at: float | None = None
    is_instant = False


# Seconds by which the end of one exchange and the asking of the next may overlap: both are
# rounded. Anything more is another order than the recorded one.
ROUNDED_S = 0.001


class TurnClock:
    """The time in one turn: a clock's, and a recording's where that is replayed.

    A replay takes no time and tells the time that it took. What is between two recorded
    exchanges of a turn (tools, waits) counts as it was recorded too.

    Args:
        clock: What tells the time of everything else.
        skips_waits: Whether nothing here needs to be waited for; asked as a wait begins.
    """

    def __init__(self, clock: Clock, *, skips_waits: Callable[[], bool] = bool) -> None:
        self._clock = clock
        self._skips_waits = skips_waits
        self._skips_next = False
        self._ahead_s = 0.0
        # By run: what its second 0 is here, and when its last exchange ended.
        self._zeros: dict[str, tuple[float, float]] = {}

    def now(self) -> float:
        """Monotonic seconds."""
        return self._clock.now() + self._ahead_s

    def read(self, stamp: Stamp, asked_at: float) -> float:
        """When the last piece of an exchange came that was asked at `asked_at`."""
        if stamp.at_s is None:
            return self.now()

        if stamp.asked_at is None:
            zero, ended_s = self._zeros.get(stamp.run, (0.0, float("inf")))
            if stamp.asked_s < ended_s - ROUNDED_S:
                zero = asked_at - stamp.asked_s
            stamp.asked_at = zero + stamp.asked_s

        at = stamp.asked_at + stamp.at_s
        self._zeros[stamp.run] = stamp.asked_at - stamp.asked_s, stamp.asked_s + stamp.at_s
        self._ahead_s = max(self._ahead_s, at - self._clock.now())
        return at

    def failed(self, stamp: Stamp, asked_at: float) -> None:
        """The exchange failed; if that was a replay, nobody waits before the next one."""
        self.read(stamp, asked_at)
        self._skips_next = stamp.is_instant

    def _is_skipped(self) -> bool:
        skips, self._skips_next = self._skips_next or self._skips_waits(), False
        return skips

    def sleep(self, seconds: float) -> None:
        """Wait here, unless in a replay."""
        if not self._is_skipped():
            self._clock.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Wait without blocking the running loop, unless in a replay."""
        if not self._is_skipped():
            await self._clock.asleep(seconds)
