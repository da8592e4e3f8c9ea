"""Cassettes: what models answered, kept in a file and answered again.

Law: the front of the room; here is what a caller gives and gets. The form of the file is
told in `cassette_file.py`, which cassette holds where in `cassette_scope.py`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from mojentic_nb import ids
from mojentic_nb.clock import Clock, SystemClock
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways import cassette_scope
from mojentic_nb.gateways.cassette_disk import HINT
from mojentic_nb.gateways.cassette_road import Road
from mojentic_nb.gateways.cassette_take import Play, Take, begin
from mojentic_nb.gateways.cassette_tape import Tape
from mojentic_nb.gateways.transport import Transport
from mojentic_nb.gateways.wire import WireRequest

if TYPE_CHECKING:
    from mojentic_nb.gateways.gateway import LLMGateway

__all__ = ["MODES", "Cassette"]

G = TypeVar("G", bound="LLMGateway")

MODES = ("auto", "record", "replay", "off")


class Cassette:
    """A file of model answers: recorded once, replayed from then on.

    Inside its block it holds for every call of every gateway: here, awaiting and away;
    listings and embeddings too. `LLMBroker(…, cassette=…)` has one of its own, and
    `%llm_cassette` holds for the rest of a notebook. The nearest one holds alone.

    A request is answered by a recording of the same request: gateway, method, path of the
    URL and the whole body; the second of two equal requests by the second recording. What
    is replayed goes through the real decoder, with the durations and ids it had. Refusals
    and answers that broke off are replayed too; what was interrupted, or never reached a
    server, is not recorded. Keys are taken out, and pictures are kept as digests.

    `record` writes a new file beside the old one, which it replaces at the end of the
    block. A block that fails leaves the old one alone, and the new one beside it as
    `x.jsonl.aborted`.

    Args:
        path: The file: lines of JSON, made to be read as a diff.
        mode: `auto` replays what is there and records what is missing; `record` always
            asks and writes anew; `replay` never sends anything; `off` does nothing.
        pace: Replay as slowly as it was, in place of at once.
        clock: What recordings are timed with.

    Raises:
        BadArgument: The mode is none of these, or the path is no path.

    Attributes:
        path: The file.
        mode: As given.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        mode: str = "auto",
        pace: bool = False,
        clock: Clock | None = None,
    ) -> None:
        if mode not in MODES:
            raise BadArgument(
                f"mode={mode!r} is no mode of a cassette.", hint=f"There are {', '.join(MODES)}."
            )

        self.path = _path(path)
        self.mode = mode
        self._pace = pace
        self._clock = clock or SystemClock()
        self._tape: Tape | None = None
        self._depth = 0
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"Cassette({str(self.path)!r}, mode={self.mode!r})"

    @classmethod
    def of(cls, value: Cassette | str | os.PathLike[str] | None) -> Cassette | None:
        """Read a `cassette=` argument: a cassette, or the path of one.

        Raises:
            BadArgument: It is neither.
        """
        return value if value is None or isinstance(value, Cassette) else cls(value)

    @property
    def size(self) -> int:
        """How many recordings there were when it was opened."""
        return 0 if self._tape is None else self._tape.size

    @property
    def replayed(self) -> int:
        """How many requests it has answered since then."""
        return 0 if self._tape is None else self._tape.replayed

    @property
    def recorded(self) -> int:
        """How many exchanges it has recorded since then."""
        return 0 if self._tape is None else self._tape.recorded

    @property
    def seed(self) -> str | None:
        """What ids grow from while it stands for a notebook; none where it is off.

        The name of a run, which recordings hold: so a recording has ids that were never
        there before, and each of its replays has these again. Where `auto` meets a
        question it cannot answer, ids go on as those of the new run.
        """
        tape = self.open()._tape
        return None if tape is None else tape.first_run

    def open(self) -> Self:
        """Read the file, unless that is done; begins anew at its first recordings.

        Raises:
            BadArgument: The path cannot be used in this mode; nothing was sent.
            CassetteError: The file is no cassette, or damaged; it is left alone.
        """
        with self._lock:
            if self._tape is None and self.mode != "off":
                self._tape = Tape(self.path, self.mode, self._clock)

        return self

    def close(self, *, is_aborted: bool = False) -> None:
        """Finish: a file that was recorded anew takes its place.

        Args:
            is_aborted: Leave the old file in its place, if there is one.
        """
        with self._lock:
            if self._tape is not None:
                self._tape.close(is_aborted=is_aborted)

    def __enter__(self) -> Self:
        with self._lock:
            if not self._depth:
                self._tape = None
            self.open()
            self._depth += 1

        cassette_scope.enter(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        cassette_scope.leave(self)
        with self._lock:
            self._depth -= 1
            if not self._depth:
                self.close(is_aborted=problem is not None)

    @contextmanager
    def lent(self) -> Iterator[Self]:
        """Hold in this thread or task alone, and in what is begun from it."""
        cassette_scope.lend(self.open())
        try:
            yield self
        finally:
            cassette_scope.take(self)

    def over(self, transport: Transport) -> Transport:
        """The transport to use in place of this one, which asks the cassette first.

        One that has a cassette over it already is left alone: the nearest one holds.
        """
        if isinstance(transport, Road):
            return transport

        return transport if self.mode == "off" else self._road(transport)

    def on(self, gateway: G) -> G:
        """The same gateway with this cassette alone over it, whatever else may hold.

        Raises:
            BadArgument: The path cannot be used in this mode; nothing was sent.
            CassetteError: The file is no cassette, or damaged; it is left alone.
        """
        return gateway.travelling(self._road(gateway.own_transport))

    def _road(self, transport: Transport) -> Road:
        self.open()
        return Road(
            transport,
            begin=None if self.mode == "off" else self._begin,
            clock=self._clock,
            skips_waits=self.mode == "replay" and not self._pace,
        )

    def _begin(self, wire: WireRequest) -> Play | Take:
        tape = self.open()._tape
        assert tape is not None
        exchange = begin(tape, wire, is_instant=not self._pace)
        if cassette_scope.standing() is self:
            ids.seeded(wire.stamp.run)
        return exchange


def _path(given: Any) -> Path:
    try:
        path = Path(given).expanduser() if given else None
    except (TypeError, RuntimeError):
        path = None

    if path is None:
        raise BadArgument(f"{given!r} is no path of a cassette.", hint=HINT)

    return path
