"""How fast a provider may be asked, and by how many at once.

Law: first come, first served, whoever calls from whichever thread or loop. A policy only
asks to wait; the line it stands in is `lane.py`'s. What a provider says of its own limits
(429 with Retry-After, the headers of an answer) holds for everybody who calls it.
"""

from __future__ import annotations

import math
import threading
from typing import Any

from mojentic_nb.catalogue import card
from mojentic_nb.clock import Clock
from mojentic_nb.effects import Asking, Call, Proceed, Tell, Wait
from mojentic_nb.errors import BadArgument, GatewayBusy, GatewayError
from mojentic_nb.events import Answer, Limited
from mojentic_nb.hooks.belief import believed
from mojentic_nb.hooks.lane import Lane, Place
from mojentic_nb.hooks.rates import pause_s
from mojentic_nb.hooks.weight import answer_tokens, prompt_tokens, tokens_of

__all__ = ["RateLimit"]

# What a server sends when it wants fewer calls; 529 is Anthropic's "overloaded".
SLOW_DOWN = frozenset({429, 503, 529})


class RateLimit:
    """A bound on how fast and how often at once each provider is asked.

    All brokers that are given the same object stand in one line for each provider and
    address. Without any bound it only learns from what providers say.

    Args:
        requests_per_minute: Calls that may begin within any 60 seconds.
        tokens_per_minute: Tokens, in and out, within any 60 seconds; a call counts by its
            prompt (and its `max_tokens`) until the provider says what it was.
        concurrent: Calls under way at once.
        longest_wait_s: Longest pause a provider may ask for; at more, calls fail at once
            and say so.

    Raises:
        BadArgument: A bound is not above 0, or the pause is below it.
    """

    def __init__(
        self,
        *,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        concurrent: int | None = None,
        longest_wait_s: float = 60.0,
    ) -> None:
        self.requests_per_minute = _above_0("requests_per_minute", requests_per_minute)
        self.tokens_per_minute = _above_0("tokens_per_minute", tokens_per_minute)
        self.concurrent = _above_0("concurrent", concurrent)
        self.longest_wait_s = _from_0("longest_wait_s", longest_wait_s)
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._making = threading.Lock()

    def __repr__(self) -> str:
        names = ("requests_per_minute", "tokens_per_minute", "concurrent")
        bounds = [f"{name}={value}" for name in names if (value := getattr(self, name))]
        return f"RateLimit({', '.join(bounds)})"

    def begin(self, clock: Clock) -> _Limit:
        """The limit as one turn keeps it."""
        return _Limit(self, clock)

    def lane(self, gateway: Any) -> Lane:
        """The line in front of one provider's address."""
        where = (gateway.name, gateway.url)
        lane = self._lanes.get(where)
        if lane is None:
            with self._making:
                lane = self._lanes.setdefault(
                    where, Lane(self.requests_per_minute, self.tokens_per_minute, self.concurrent)
                )

        return lane


def _above_0(name: str, value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise BadArgument(f"{name}={value!r} is not a whole number above 0.")

    found: int | None = value
    return found


def _from_0(name: str, seconds: Any) -> float:
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not seconds >= 0:
        raise BadArgument(f"{name}={seconds!r} is not a number of seconds from 0 up.")

    return float(seconds)


class _Limit:
    """The limit around the calls of one turn."""

    __slots__ = ("_clock", "_limit")

    def __init__(self, limit: RateLimit, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock

    def around_model(self, call: Call, proceed: Proceed) -> Asking:
        """Wait for a place, keep it as long as the call takes, learn from the answer."""
        lane = self._limit.lane(call.gateway)
        weight = tokens_of(call.request) if lane.counts_tokens else 0
        # Before the line is entered, so that no interrupt can leave a place behind.
        place = Place(weight)
        try:
            lane.line_up(place)
            yield from self._wait(lane, place, call)
            answer = yield from proceed(call)
            self._learn(lane, answer, place, call)
            return answer
        except GatewayError as error:
            if error.gateway and error.status in SLOW_DOWN and error.retry_after_s:
                lane.pause(error.retry_after_s, self._clock.now)
            raise
        finally:
            lane.leave(place)

    def _wait(self, lane: Lane, place: Place, call: Call) -> Any:
        now = self._clock.now
        told: float | None = 0.0
        passed_s = -math.inf
        while (wait_s := lane.wait_s(place, now, passed_s)) is not None:
            if lane.is_paused(place) and wait_s > self._limit.longest_wait_s:
                raise self._busy(call, wait_s)

            shown = None if math.isinf(wait_s) else wait_s
            if shown != told:
                yield Tell(Limited(call.gateway.name, shown))
                told = shown

            if place.turn_has_come is None:
                began = now()
                yield Wait(wait_s)
                # Even by a clock that stands still or goes backwards it has passed.
                passed_s = began + wait_s
            else:
                yield Wait(wait_s, place.turn_has_come)

    def _busy(self, call: Call, wait_s: float) -> GatewayBusy:
        return GatewayBusy(
            f"{call.gateway.name} wants no call for another {wait_s:.0f} s, and none is made.",
            hint=f"Ask again then, or allow for it with RateLimit(longest_wait_s={wait_s:.0f}).",
            gateway=call.gateway.name,
            status=429,
            retry_after_s=wait_s,
        )

    def _learn(self, lane: Lane, answer: Answer, place: Place, call: Call) -> None:
        if lane.counts_tokens:
            known = card(call.gateway.name, call.request.model)
            most = answer_tokens(call.request, known.output_tokens)
            used, _ = believed(answer, prompt_tokens(call.request), most, known)
            lane.settle(place, used.total_tokens or 0)
        if answer.headers:
            seconds = pause_s(answer.headers)
            if seconds:
                lane.pause(seconds, self._clock.now)
