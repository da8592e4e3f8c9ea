"""What a turn runs with: its gateway, its tools, its clock, and who hears of it.

Law: nothing is decided here. Each way of using tools and of waiting is there once for a
thread and once for a loop; the drivers choose.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from concurrent import futures
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from mojentic_nb.bus import Bus
from mojentic_nb.clock import Clock, SystemClock, TurnClock
from mojentic_nb.effects import Fetch, Use, UseTogether, Wait
from mojentic_nb.errors import BadArgument
from mojentic_nb.events import Envelope, Event, ToolCalled, ToolReturned
from mojentic_nb.gateways.fetching import Fetching
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.place import Place, within
from mojentic_nb.tools import calling
from mojentic_nb.tools.consent import Consent
from mojentic_nb.tools.definition import LLMTool
from mojentic_nb.tools.policy_scope import correlated
from mojentic_nb.tools.runners import together

__all__ = ["Setting"]

# Seconds; as in `background`.
SLICE_S = 0.1


@dataclass(slots=True)
class Setting:
    """What one turn runs with; `bus` only where somebody listened when it began."""

    gateway: LLMGateway
    tools: Mapping[str, LLMTool]
    bus: Bus | None
    correlation_id: str
    await_here: Callable[[Any], Any]
    clock: Clock = field(default_factory=SystemClock)
    consent: Consent | None = None
    place: Place | None = None
    model: str = ""
    time: TurnClock = field(init=False)
    wants_pieces: bool = field(init=False)
    _sequence: int = 0
    _places: dict[int, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.time = TurnClock(self.clock, skips_waits=partial(_skips_waits, self.gateway))
        self.wants_pieces = self.bus is not None and self.bus.wants_pieces

    def tell(self, events: list[Event]) -> list[Event]:
        """Publish events; gives them back."""
        if self.bus is not None:
            at = self.time.now()
            for event in events:
                place = self._place_of(event)
                self.bus.publish(Envelope(event, self.correlation_id, self._sequence, at, place))
                self._sequence += 1

        return events

    def tell_pieces(self, events: list[Event]) -> list[Event]:
        """The same for pieces of an answer, which few want."""
        return self.tell(events) if self.wants_pieces else events

    def _place_of(self, event: Event) -> Place | None:
        # What a tool calls in turn stands under the tool, so its place is known before it runs.
        if type(event) is ToolCalled and self.place is not None:
            self._places[id(event.call)] = self.place.inside()
        if type(event) in (ToolCalled, ToolReturned):
            return self._places.get(id(event.call), self.place)  # type: ignore[union-attr]

        return self.place

    def use(self, use: Use) -> ToolReturned:
        """Run a tool in this thread."""
        with correlated(self.correlation_id), within(self._places.get(id(use.call))):
            return calling.run(
                self.tools,
                use.call,
                self.time,
                await_here=self.await_here,
                within_s=use.within_s,
                consent=self.consent,
            )

    async def ause(self, use: Use) -> ToolReturned:
        """Run a tool in the running loop."""
        with correlated(self.correlation_id), within(self._places.get(id(use.call))):
            return await calling.arun(
                self.tools, use.call, self.time, within_s=use.within_s, consent=self.consent
            )

    def use_together(self, use: UseTogether) -> list[ToolReturned]:
        """Run several tools at once, and wait for them in this thread."""
        results: list[ToolReturned] = self.await_here(self.ause_together(use))
        return results

    async def ause_together(self, use: UseTogether) -> list[ToolReturned]:
        """Run several tools at once in the running loop."""
        with correlated(self.correlation_id):
            return await together(
                self.tools,
                use.calls,
                self.time,
                at_once=use.at_once,
                within_s=use.within_s,
                consent=self.consent,
                around=lambda call: within(self._places.get(id(call))),
            )

    def fetching(self, fetch: Fetch) -> Fetching:
        """A web address about to be read; no other effect is left when this is asked."""
        if not isinstance(fetch, Fetch):
            raise BadArgument(
                f"A policy yielded {fetch!r}, which is no effect.",
                hint="Pass a call on with `answer = yield from proceed(call)`.",
            )

        return Fetching(fetch.url, self.gateway, within_s=fetch.within_s)

    def wait(self, wait: Wait) -> None:
        """Let time pass in this thread."""
        if wait.until is None:
            self.time.sleep(wait.seconds)
        else:
            stand(wait.until, wait.seconds)

    async def await_(self, wait: Wait) -> None:
        """Let time pass in the running loop."""
        if wait.until is None:
            await self.time.asleep(wait.seconds)
        else:
            seconds = None if math.isinf(wait.seconds) else wait.seconds
            await asyncio.wait([asyncio.wrap_future(wait.until)], timeout=seconds)


def _skips_waits(gateway: LLMGateway) -> bool:
    # A cassette that only replays needs no waits.
    return bool(getattr(gateway.transport, "skips_waits", False))


def stand(until: Future[None], seconds: float) -> None:
    """Wait here until something is done, in slices that an interrupt ends on every system."""
    ends_at = SystemClock.now() + seconds
    while not until.done() and (left_s := ends_at - SystemClock.now()) > 0:
        futures.wait([until], timeout=min(SLICE_S, left_s))
