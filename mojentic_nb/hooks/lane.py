"""A line in front of one provider: first come, first served.

Law: no waiting here; a place is told how long to wait, or is given a future that is done
when its turn has come. Only the first in line looks at the clock. All of it is under one
lock that is held for a moment only, so any thread and any loop may stand in the same line.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

__all__ = ["Lane", "Place"]

MINUTE_S = 60.0


class Place:
    """One call's place: in the line, then at the counter, then gone.

    Attributes:
        turn_has_come: Done when it is worth asking again; `None` where time alone decides.
    """

    __slots__ = ("begun", "is_in", "is_paused", "turn_has_come", "weight")

    def __init__(self, weight: int) -> None:
        self.weight = weight
        self.is_in = False
        self.is_paused = False
        self.begun: list[float] | None = None
        self.turn_has_come: Future[None] | None = None

    def wake(self) -> None:
        """Tell whoever holds this place to ask again."""
        if self.turn_has_come is not None:
            with suppress(InvalidStateError):
                self.turn_has_come.set_result(None)


class Lane:
    """The line, who is being served, and when the last ones were.

    Args:
        requests: That may begin within a minute; `None` for no bound.
        tokens: That may be spent within a minute.
        at_once: Calls under way at once.
    """

    def __init__(self, requests: int | None, tokens: int | None, at_once: int | None) -> None:
        self._requests = requests
        self._tokens = tokens
        self._at_once = at_once
        self.counts_tokens = tokens is not None
        self._lock = threading.Lock()
        self._line: deque[Place] = deque()
        self._in = 0
        # When each call of the last minute began, and what it weighs: mutable, to settle.
        self._begun: deque[list[float]] = deque()
        self._spent = 0.0
        self._paused_until = -math.inf
        self._seen_at = -math.inf

    def line_up(self, place: Place) -> None:
        """Stand at the end of the line."""
        with self._lock:
            self._line.append(place)

    def wait_s(
        self, place: Place, now: Callable[[], float], passed_s: float = -math.inf
    ) -> float | None:
        """How long to wait before asking again; `None`: the call may be made.

        Args:
            place: Whose turn it may be.
            now: The clock.
            passed_s: Until when the holder has waited, whatever the clock says.
        """
        with self._lock:
            at = self._at(max(now(), passed_s))
            place.is_paused = False
            if self._line[0] is not place or (
                self._at_once is not None and self._in >= self._at_once
            ):
                place.turn_has_come = Future()
                return math.inf

            place.turn_has_come = None
            ready_at = self._ready_at(at, place.weight)
            place.is_paused = self._paused_until > max(at, ready_at)
            wait_s = max(ready_at, self._paused_until) - at
            if wait_s > 0:
                return wait_s

            self._enter(place, at)
            return None

    def is_paused(self, place: Place) -> bool:
        """Whether it is the provider that wants this place to wait."""
        return place.is_paused

    def _enter(self, place: Place, at: float) -> None:
        self._line.popleft()
        self._in += 1
        place.is_in = True
        if self._requests is not None or self._tokens is not None:
            place.begun = [at, place.weight]
            self._begun.append(place.begun)
            self._spent += place.weight

        if self._line:
            self._line[0].wake()

    def _at(self, at: float) -> float:
        """The time; a clock that went backwards takes all that is written down along."""
        back_s = self._seen_at - at
        if 0 < back_s < math.inf:
            self._paused_until -= back_s
            for one in self._begun:
                one[0] -= back_s

        self._seen_at = at
        while self._begun and self._begun[0][0] <= at - MINUTE_S:
            self._spent -= self._begun.popleft()[1]

        return at

    def _ready_at(self, at: float, weight: int) -> float:
        """When the bounds of a minute allow one more call of this weight."""
        ready_at = at
        if self._requests is not None and len(self._begun) >= self._requests:
            ready_at = self._begun[len(self._begun) - self._requests][0] + MINUTE_S

        if self._tokens is not None:
            over = self._spent + weight - self._tokens
            for began_at, spent in self._begun:
                if over <= 0:
                    break
                # One that weighs more than a whole minute's goes when it is alone.
                ready_at = max(ready_at, began_at + MINUTE_S)
                over -= spent

        return ready_at

    def settle(self, place: Place, tokens: int) -> None:
        """Correct what a call weighs, now that it is known."""
        with self._lock:
            if place.begun is not None and any(one is place.begun for one in self._begun):
                self._spent += tokens - place.begun[1]
                place.begun[1] = tokens

    def pause(self, seconds: float, now: Callable[[], float]) -> None:
        """The provider wants no calls for so long, from anybody."""
        with self._lock:
            at = self._at(now())
            self._paused_until = max(self._paused_until, at + seconds)

    def leave(self, place: Place) -> None:
        """Give the place back, wherever it is."""
        with self._lock:
            if place.is_in:
                self._in -= 1
                place.is_in = False
            else:
                with suppress(ValueError):
                    self._line.remove(place)

            if place.turn_has_come is not None:
                place.turn_has_come.cancel()

            if self._line:
                self._line[0].wake()
