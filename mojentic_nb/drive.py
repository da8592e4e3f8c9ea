"""The two drivers: they perform the effects a turn asks for.

Law: the only behaviour here is `with` or `async with`, `for` or `async for`, and in
which thread a tool runs. What is asked, when and how often is the turn's business.
Leaving a driver early hangs up: its generator's end closes the connection.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from mojentic_nb.bus import Bus
from mojentic_nb.clock import Clock, SystemClock
from mojentic_nb.effects import Ask, Effect, Outcome, Tell, Turn, Use, Wait
from mojentic_nb.errors import GatewayError, MojenticError
from mojentic_nb.events import (
    Answer,
    Envelope,
    Event,
    TurnFailed,
    TurnFinished,
)
from mojentic_nb.gateways.fetching import Fetching
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.transport import Transport
from mojentic_nb.tools import calling
from mojentic_nb.tools.definition import LLMTool

__all__ = ["Setting", "awaiting", "here"]


@dataclass(slots=True)
class Setting:
    """What one turn runs with; `bus` only where somebody listened when it began."""

    gateway: LLMGateway
    tools: Mapping[str, LLMTool]
    bus: Bus | None
    correlation_id: str
    await_here: Callable[[Any], Any]
    clock: Clock = field(default_factory=SystemClock)
    _sequence: int = 0

    def tell(self, events: list[Event]) -> list[Event]:
        """Publish events; gives them back."""
        if self.bus is not None:
            at = self.clock.now()
            for event in events:
                self.bus.publish(Envelope(event, self.correlation_id, self._sequence, at))
                self._sequence += 1

        return events


def here(turn: Turn, setting: Setting) -> Generator[Event, None, TurnFinished]:
    """Drive a turn in this thread, giving its events as they happen.

    Raises:
        MojenticError: After a `TurnFailed` told the same.
    """
    with closing(turn):
        steps = _Steps(turn)
        while (effect := steps.next()) is not None:
            try:
                if isinstance(effect, Ask):
                    asking = _Asking(effect, setting)
                    try:
                        with asking.transport.open(asking.wire) as reading:
                            decoder = asking.decoder
                            for data in reading.chunks:
                                yield from (
                                    decoder.feed(data) if asking.is_quiet else asking.feed(data)
                                )
                                if decoder.is_over:
                                    reading.is_over = True
                                    break
                        yield from asking.finish()
                    except GatewayError as error:
                        data = b""  # a local shows in tracebacks, and servers repeat keys
                        asking.fail(error)
                    steps.outcome = asking.answer()
                elif isinstance(effect, Tell):
                    setting.tell([effect.event])
                    yield effect.event
                elif isinstance(effect, Use):
                    steps.outcome = calling.run(
                        setting.tools, effect.call, setting.clock, await_here=setting.await_here
                    )
                elif isinstance(effect, Wait):
                    setting.clock.sleep(effect.seconds)
                else:
                    fetching = Fetching(effect.url, setting.gateway)
                    with fetching.transport.open(fetching.wire) as reading:
                        for data in reading.chunks:
                            fetching.feed(data)
                    steps.outcome = fetching.whole()
            except MojenticError as error:
                steps.error = error.alone()

        yield from setting.tell([steps.last_event()])
        return steps.result()


async def awaiting(turn: Turn, setting: Setting) -> AsyncGenerator[Event, None]:
    """Drive a turn in the running loop; its last event is `TurnFinished`.

    Raises:
        MojenticError: After a `TurnFailed` told the same.
    """
    with closing(turn):
        steps = _Steps(turn)
        while (effect := steps.next()) is not None:
            try:
                if isinstance(effect, Ask):
                    asking = _Asking(effect, setting)
                    try:
                        async with asking.transport.aopen(asking.wire) as reading:
                            decoder = asking.decoder
                            while data := await reading.read():
                                for event in asking.feed(data):
                                    yield event
                                if decoder.is_over:
                                    reading.is_over = True
                                    break
                        for event in asking.finish():
                            yield event
                    except GatewayError as error:
                        data = b""  # a local shows in tracebacks, and servers repeat keys
                        asking.fail(error)
                    steps.outcome = asking.answer()
                elif isinstance(effect, Tell):
                    setting.tell([effect.event])
                    yield effect.event
                elif isinstance(effect, Use):
                    steps.outcome = await calling.arun(setting.tools, effect.call, setting.clock)
                elif isinstance(effect, Wait):
                    await setting.clock.asleep(effect.seconds)
                else:
                    fetching = Fetching(effect.url, setting.gateway)
                    async with fetching.transport.aopen(fetching.wire) as reading:
                        while data := await reading.read():
                            fetching.feed(data)
                    steps.outcome = fetching.whole()
            except MojenticError as error:
                steps.error = error.alone()

        yield setting.tell([steps.last_event()])[0]
        steps.result()


class _Asking:
    """One call of the model, as both drivers see it: bytes in, told events out.

    Attributes:
        is_quiet: The first piece has been timed and nobody listens: what follows may go
            straight to the decoder.
    """

    __slots__ = (
        "_asked_at",
        "_exchange",
        "_first_at",
        "_setting",
        "decoder",
        "is_quiet",
        "transport",
        "wire",
    )

    def __init__(self, ask: Ask, setting: Setting) -> None:
        gateway = ask.gateway or setting.gateway
        self._exchange = exchange = gateway.exchange(ask.request)
        self.transport: Transport = gateway.transport
        self._setting = setting
        self._asked_at = setting.clock.now()
        self._first_at: float | None = None
        self.wire = exchange.wire
        self.decoder = exchange.decoder
        self.is_quiet = False

    def feed(self, data: bytes) -> list[Event]:
        """Bytes have come: what they mean."""
        return self._told(self.decoder.feed(data))

    def finish(self) -> Iterator[Event]:
        """The bytes have ended: what is left to tell."""
        for event in self._exchange.finish():
            yield from self._told([event])

    def _told(self, events: list[Event]) -> list[Event]:
        if self._first_at is None and events:
            self._first_at = self._setting.clock.now()
            self.is_quiet = self._setting.bus is None

        return self._setting.tell(events)

    def fail(self, error: GatewayError) -> None:
        """The connection failed; raises unless the answer was complete before."""
        if not self._exchange.outlived(error):
            raise error

    def answer(self) -> Answer:
        """What the call came to."""
        return self._exchange.answer(self._asked_at, self._first_at, self._setting.clock.now())


class _Steps:
    """A turn's generator, and what to send it next."""

    __slots__ = ("_failed", "_finished", "_turn", "error", "outcome")

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._finished: TurnFinished | None = None
        self._failed: MojenticError | None = None
        self.outcome: Outcome = None
        self.error: MojenticError | None = None

    def next(self) -> Effect | None:
        """The next effect to perform; `None` when the turn is over."""
        outcome, self.outcome = self.outcome, None
        error, self.error = self.error, None
        try:
            return self._turn.send(outcome) if error is None else self._turn.throw(error)
        except StopIteration as end:
            self._finished = end.value
        except MojenticError as problem:
            self._failed = problem

        return None

    def last_event(self) -> Event:
        """How the turn ended, as an event."""
        if self._failed is not None:
            return TurnFailed(self._failed, getattr(self._failed, "partial", ""))

        assert self._finished is not None
        return self._finished

    def result(self) -> TurnFinished:
        """How the turn ended, or its error, raised."""
        if self._failed is not None:
            raise self._failed.alone()

        assert self._finished is not None
        return self._finished
