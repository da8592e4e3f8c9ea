"""Time, as something that can be handed in.

Law: nobody else calls `time` or sleeps. `FrozenClock` ships so that a test or a
replay can own time; waiting on it costs nothing.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

__all__ = ["Clock", "FrozenClock", "SystemClock"]


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
