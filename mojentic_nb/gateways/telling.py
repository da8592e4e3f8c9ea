"""What a gateway is asked outside of turns, told as a turn of one call is.

Law: a listener hears of it once it begins and once it is over, whichever way; with no
listeners nothing is built. What is asked, and of whom, is the gateway's business.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from mojentic_nb import ids
from mojentic_nb.bus import bus_along
from mojentic_nb.clock import SystemClock, TurnClock
from mojentic_nb.errors import MojenticError
from mojentic_nb.events import (
    Answer,
    Envelope,
    Event,
    ModelAnswered,
    ModelAsked,
    TurnFailed,
    TurnFinished,
    TurnStopped,
    Usage,
)
from mojentic_nb.gateways.wire import WireRequest
from mojentic_nb.place import place_of_turn

__all__ = ["Telling"]


class Telling:
    """One question to a gateway, over all its exchanges; a block that tells its end.

    Args:
        gateway: Who is asked.
        asked: What; has a `model`.
    """

    def __init__(self, gateway: Any, asked: Any) -> None:
        self._gateway = gateway
        self._asked = asked
        self._bus = bus_along(gateway)
        self._is_heard = bool(self._bus)
        self._time = TurnClock(SystemClock())
        self._wire: WireRequest | None = None
        self._usage = Usage()
        self._recorded: tuple[str, float] | None = None
        self._sequence = 0

    def __enter__(self) -> Self:
        if self._is_heard:
            self._correlation_id = ids.correlation_id()
            self._place = place_of_turn(self._correlation_id)
            self._asked_at = self._sent_at = self._at = self._time.now()
            self._tell(ModelAsked(self._asked.model, 1, self._asked, self._gateway))
        return self

    def sends(self, wire: WireRequest) -> None:
        """The next of its exchanges begins."""
        if self._is_heard:
            self._read()
            self._wire, self._sent_at = wire, self._time.now()

    def read(self, tokens: int | None) -> None:
        """The server has said how many tokens it read; None where it did not say."""
        self._usage += Usage(input_tokens=tokens)

    def _read(self) -> None:
        """Take the times of the exchange that is over; a cassette knows others than a clock."""
        if self._wire is None:
            self._at = self._time.now()
            return

        stamp = self._wire.stamp
        self._at = self._time.read(stamp, self._sent_at)
        if stamp.run and self._recorded is None:
            self._recorded = stamp.run, stamp.asked_s
            self._asked_at = self._sent_at if stamp.asked_at is None else stamp.asked_at

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._is_heard:
            return

        self._read()
        if problem is None:
            answer = Answer(
                model=self._asked.model,
                usage=self._usage,
                recorded=self._recorded,
                asked_at=self._asked_at,
                answered_at=self._at,
            )
            self._tell(ModelAnswered(answer))
            self._tell(TurnFinished(answer))
        elif isinstance(problem, MojenticError):
            self._tell(TurnFailed(problem))
        else:
            is_interrupt = isinstance(problem, KeyboardInterrupt)
            self._tell(TurnStopped("interrupted" if is_interrupt else type(problem).__name__))

    def _tell(self, event: Event) -> None:
        envelope = Envelope(event, self._correlation_id, self._sequence, self._at, self._place)
        self._bus.publish(envelope)
        self._sequence += 1
