"""A few expensive things, shared by many calls: connections, browsers, models, processes.

Law: never more than `most` exist at a time, and one that is not healthy is never handed
out again. Whoever waits is served in turn. What is left over is closed, whatever happens.

    with Pool(connect, most=2, close=lambda one: one.close()) as pool:
        with pool.lent() as connection:
            ...
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from mojentic_nb.clock import Clock, SystemClock
from mojentic_nb.errors import BadArgument, ToolError

__all__ = ["Pool", "PoolCounts"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCounts:
    """What a pool holds and has done.

    Attributes:
        made: How many were made so far.
        closed: How many were closed so far.
        idle: How many wait to be lent.
        lent: How many are lent now.
    """

    made: int
    closed: int
    idle: int
    lent: int


@dataclass(slots=True)
class _Kept(Generic[T]):
    thing: T
    uses: int = 0
    since: float = 0.0


class Pool(Generic[T]):
    """Makes things when they are needed, and lends them again.

    Args:
        make: Makes one.
        least: So many are made at once and kept when idle.
        most: Never more than these.
        close: Ends one.
        is_healthy: Asked before one is lent again.
        max_uses: One that was lent so often is closed.
        idle_s: One that nobody wanted for so many seconds is closed, at the next lending.
        patience_s: Whoever waits longer for one is told so.
        clock: Time.

    Raises:
        BadArgument: A number makes no sense.
    """

    def __init__(
        self,
        make: Callable[[], T],
        *,
        least: int = 0,
        most: int = 4,
        close: Callable[[T], object] = lambda one: None,
        is_healthy: Callable[[T], bool] = lambda one: True,
        max_uses: int | None = None,
        idle_s: float | None = None,
        patience_s: float = 60.0,
        clock: Clock | None = None,
    ) -> None:
        if not 0 <= least <= most or most < 1:
            raise BadArgument(f"least={least}, most={most}: from 0 to most, and most from 1.")

        self._make, self._close, self._is_healthy = make, close, is_healthy
        self._least, self._most, self._max_uses = least, most, max_uses
        self._idle_s, self._patience_s = idle_s, patience_s
        self._clock = clock or SystemClock()
        self._idle: list[_Kept[T]] = []
        self._made = self._closed = self._lent = 0
        self._is_over = False
        self._change = threading.Condition()
        for _ in range(least):
            self._idle.append(self._another())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def counts(self) -> PoolCounts:
        """What it holds now."""
        with self._change:
            return PoolCounts(
                made=self._made, closed=self._closed, idle=len(self._idle), lent=self._lent
            )

    @contextmanager
    def lent(self) -> Iterator[T]:
        """Have one for a while; one whose use failed is looked at before the next.

        Raises:
            ToolError: None became free in time, or the pool is closed.
        """
        kept = self._taken()
        try:
            yield kept.thing
        finally:
            self._given_back(kept)

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back."""
        with self._change:
            self._is_over = True
            left, self._idle = self._idle, []
            self._change.notify_all()
        for kept in left:
            self._end(kept)

    def _taken(self) -> _Kept[T]:
        while True:
            with self._change:
                old = self._outdated()
                kept = self._next()
            for one in old:
                self._end(one)
            if kept is None:
                return self._made_now()
            if self._is_healthy(kept.thing):
                kept.uses += 1
                return kept

            self._end(kept)
            self._left()

    def _next(self) -> _Kept[T] | None:
        """An idle one, or None where another may be made; it counts as lent already."""
        may = self._change.wait_for(
            lambda: self._is_over or self._idle or self._lent < self._most, self._patience_s
        )
        if self._is_over:
            raise ToolError("This pool is closed.")
        if not may:
            raise ToolError(
                f"All {self._most} were in use for {self._patience_s:g} s.",
                hint="Raise most= or patience_s=.",
            )

        self._lent += 1
        return self._idle.pop() if self._idle else None

    def _made_now(self) -> _Kept[T]:
        try:
            kept = self._another()
        except BaseException:
            self._left()
            raise

        kept.uses = 1
        return kept

    def _another(self) -> _Kept[T]:
        kept = _Kept(self._make(), since=self._clock.now())
        with self._change:
            self._made += 1

        return kept

    def _given_back(self, kept: _Kept[T]) -> None:
        is_used_up = self._max_uses is not None and kept.uses >= self._max_uses
        kept.since = self._clock.now()
        with self._change:
            is_over = self._is_over or is_used_up
            if not is_over:
                self._idle.append(kept)
        if is_over:
            self._end(kept)
        self._left()

    def _left(self) -> None:
        with self._change:
            self._lent -= 1
            self._change.notify()

    def _outdated(self) -> list[_Kept[T]]:
        if self._idle_s is None:
            return []

        limit = self._clock.now() - self._idle_s
        old = [one for one in self._idle if one.since <= limit]
        old = old[: max(0, len(self._idle) + self._lent - self._least)]
        self._idle = [one for one in self._idle if one not in old]
        return old

    def _end(self, kept: _Kept[T]) -> None:
        with self._change:
            self._closed += 1
        self._close(kept.thing)
