"""The two drivers: they perform the effects a turn asks for.

Law: the only behaviour here is `with` or `async with`, `for` or `async for`, and in
which thread a tool runs. What is asked, when and how often is the turn's business.
Leaving a driver early hangs up: its generator's end closes the connection.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Self

from mojentic_nb.clock import SystemClock
from mojentic_nb.effects import (
    Ask,
    Effect,
    Outcome,
    Stopped,
    Tell,
    Turn,
    Use,
    UseTogether,
    Wait,
)
from mojentic_nb.errors import DeadlineExceeded, GatewayError, MojenticError
from mojentic_nb.events import (
    Answer,
    Event,
    ModelAnswered,
    ModelAsked,
    TurnFailed,
    TurnFinished,
    TurnStopped,
)
from mojentic_nb.gateways.transport import Transport
from mojentic_nb.setting import Setting
from mojentic_nb.tools.calling import is_ending

__all__ = ["awaiting", "here"]


_REASONS = {
    "GeneratorExit": "abandoned",
    "CancelledError": "cancelled",
    "KeyboardInterrupt": "interrupted",
}

# Either says that the others are worth a look, with OpenAI's kin and with Anthropic.
_LIMITS = ("x-ratelimit-remaining-requests", "anthropic-ratelimit-requests-remaining")


def here(turn: Turn, setting: Setting) -> Generator[Event, None, TurnFinished]:
    """Drive a turn in this thread, giving its events as they happen.

    Raises:
        MojenticError: After a `TurnFailed` told the same.
    """
    with _Steps(turn, setting) as steps:
        while (effect := steps.next()) is not None:
            try:
                if isinstance(effect, Ask):
                    steps.asking = asking = _asking(effect, setting)
                    try:
                        with asking.transport.open(asking.wire) as reading:
                            asking.headers = reading.headers
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
                    steps.outcome = setting.use(effect)
                elif isinstance(effect, UseTogether):
                    steps.outcome = setting.use_together(effect)
                elif isinstance(effect, Wait):
                    setting.wait(effect)
                else:
                    fetching = setting.fetching(effect)
                    with fetching.transport.open(fetching.wire) as reading:
                        for data in reading.chunks:
                            fetching.feed(data)
                    steps.outcome = fetching.whole()
            except MojenticError as error:
                steps.error = error.alone()

        yield steps.told_last()
        return steps.result()


async def awaiting(turn: Turn, setting: Setting) -> AsyncGenerator[Event, None]:
    """Drive a turn in the running loop; its last event is `TurnFinished`.

    Raises:
        MojenticError: After a `TurnFailed` told the same.
    """
    with _Steps(turn, setting) as steps:
        while (effect := steps.next()) is not None:
            try:
                if isinstance(effect, Ask):
                    steps.asking = asking = _asking(effect, setting)
                    try:
                        async with asking.transport.aopen(asking.wire) as reading:
                            asking.headers = reading.headers
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
                    steps.outcome = await setting.ause(effect)
                elif isinstance(effect, UseTogether):
                    steps.outcome = await setting.ause_together(effect)
                elif isinstance(effect, Wait):
                    await setting.await_(effect)
                else:
                    fetching = setting.fetching(effect)
                    async with fetching.transport.aopen(fetching.wire) as reading:
                        while data := await reading.read():
                            fetching.feed(data)
                    steps.outcome = fetching.whole()
            except MojenticError as error:
                steps.error = error.alone()

        yield steps.told_last()
        steps.result()


def _reason(gone: BaseException) -> str:
    """Why a turn was left: who closes its stream because they are interrupted says so."""
    cause = gone
    while type(cause) is GeneratorExit and cause.__context__ is not None:
        cause = cause.__context__
    if type(cause) is GeneratorExit and is_ending():
        return "cancelled"  # Python does not tell a stream why a task closes it

    name = type(gone).__name__
    return _REASONS.get(type(cause).__name__) or _REASONS.get(name, name)


def _asking(ask: Ask, setting: Setting) -> _Asking:
    return (_Asking if ask.request.deadline_at is None else _AskingInTime)(ask, setting)


class _Asking:
    """One call of the model, as both drivers see it: bytes in, told events out.

    Attributes:
        is_quiet: The first piece has been timed and nobody listens: what follows may go
            straight to the decoder.
        headers: Of the answer, once it has begun.
    """

    __slots__ = (
        "_asked_at",
        "_exchange",
        "_first_at",
        "_setting",
        "decoder",
        "headers",
        "is_quiet",
        "transport",
        "wire",
    )

    def __init__(self, ask: Ask, setting: Setting) -> None:
        gateway = ask.gateway or setting.gateway
        self._exchange = exchange = gateway.exchange(ask.request)
        self.transport: Transport = gateway.transport
        self._setting = setting
        self._asked_at = setting.time.now()
        self._first_at: float | None = None
        self.wire = exchange.wire
        self.decoder = exchange.decoder
        self.is_quiet = False
        self.headers: Mapping[str, str] = {}

    @property
    def received(self) -> str:
        """Everything the model has written so far, thoughts before text."""
        return "".join((*self.decoder.thoughts, *self.decoder.texts))

    def feed(self, data: bytes) -> list[Event]:
        """Bytes have come: what they mean."""
        return self._told(self.decoder.feed(data))

    def finish(self) -> Iterator[Event]:
        """The bytes have ended: what is left to tell."""
        for event in self._exchange.finish():
            yield from self._told([event])

    def _told(self, events: list[Event]) -> list[Event]:
        if self._first_at is None and events:
            self._first_at = self._now()
            self.is_quiet = not self._setting.wants_pieces

        return self._setting.tell_pieces(events)

    def fail(self, error: GatewayError) -> None:
        """The connection failed; raises unless the answer was complete before."""
        if not self._exchange.outlived(error):
            self._setting.time.failed(self.wire.stamp, self._asked_at)
            raise error

    def answer(self) -> Answer:
        """What the call came to."""
        stamp = self.wire.stamp
        answered_at, asked_at = self._now(), stamp.asked_at
        asked_at = self._asked_at if asked_at is None else asked_at
        answer = self._exchange.answer(asked_at, self._first_at, answered_at)
        headers = self.headers
        if headers and any(name in headers for name in _LIMITS):
            found = {name.lower(): value for name, value in headers.items()}
            limits = {name: value for name, value in found.items() if "ratelimit" in name}
            answer = replace(answer, headers=limits)
        if stamp.run:
            answer = replace(answer, recorded=(stamp.run, stamp.asked_s))

        return answer

    def _now(self) -> float:
        return self._setting.time.read(self.wire.stamp, self._asked_at)


class _AskingInTime(_Asking):
    """The same, with a deadline: the road is told, and what comes too late is not read."""

    __slots__ = ("_ends_at",)

    def __init__(self, ask: Ask, setting: Setting) -> None:
        super().__init__(ask, setting)
        self._ends_at = ask.request.deadline_at or 0.0
        left_s = self._ends_at - self._asked_at
        self.wire = replace(self.wire, ends_at=SystemClock.now() + left_s)

    def feed(self, data: bytes) -> list[Event]:
        """Bytes have come: what they mean."""
        if self._setting.time.now() > self._ends_at:
            raise DeadlineExceeded(
                "The deadline came before the whole answer.",
                hint="Raise deadline=, or ask for less; what came is in the error's .partial.",
                gateway=self.wire.gateway,
            )

        return super().feed(data)

    def _told(self, events: list[Event]) -> list[Event]:
        told = super()._told(events)
        self.is_quiet = False
        return told


class _Steps:
    """A turn's generator, and what to send it next.

    Attributes:
        asking: The call of the model that is under way, if one is.
    """

    __slots__ = (
        "_effect",
        "_failed",
        "_finished",
        "_is_told",
        "_received",
        "_setting",
        "_turn",
        "asking",
        "error",
        "outcome",
    )

    def __init__(self, turn: Turn, setting: Setting) -> None:
        self._turn = turn
        self._setting = setting
        self._received = ""
        self._effect: Effect | None = None
        self._finished: TurnFinished | None = None
        self._failed: MojenticError | None = None
        self._is_told = False
        self.asking: _Asking | None = None
        self.outcome: Outcome = None
        self.error: MojenticError | None = None

    def next(self) -> Effect | None:
        """The next effect to perform; `None` when the turn is over."""
        outcome, self.outcome = self.outcome, None
        error, self.error = self.error, None
        try:
            turn = self._turn
            self._effect = turn.send(outcome) if error is None else turn.throw(error)
            self.asking = None
            return self._effect
        except StopIteration as end:
            self._finished = end.value
        except MojenticError as problem:
            self._failed = problem

        self._effect = None
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, gone: BaseException | None, trace: object
    ) -> None:
        try:
            self._close()
        finally:
            if gone is not None and not self._is_told:
                self._setting.tell([TurnStopped(_reason(gone), self._received, self._whom())])

    def _close(self) -> None:
        """End the turn, wherever it is; it learns what had come of an answer, half or whole."""
        effect, self._effect = self._effect, None
        if self.asking is not None:
            self._stop(self.asking.received)
        elif type(effect) is Tell and type(effect.event) is ModelAnswered:
            self._stop(effect.event.answer.thinking + effect.event.answer.text)

        self._turn.close()

    def _stop(self, received: str) -> None:
        self._received = received
        with suppress(Stopped, StopIteration):
            self._turn.throw(Stopped(received))

    def _whom(self) -> ModelAsked:
        return ModelAsked(self._setting.model, 1, None, self._setting.gateway)

    def told_last(self) -> Event:
        """How the turn ended, as an event that everybody has heard of."""
        if self._failed is not None:
            partial = getattr(self._failed, "partial", "")
            last: Event = TurnFailed(self._failed, partial, self._whom())
        else:
            assert self._finished is not None
            last = self._finished

        self._setting.tell([last])
        self._is_told = True
        return last

    def result(self) -> TurnFinished:
        """How the turn ended, or its error, raised."""
        if self._failed is not None:
            raise self._failed.alone()

        assert self._finished is not None
        return self._finished
