"""What a cassette holds while it runs: recordings by request, and who was asked when.

Law: the only state of a cassette, behind one lock; it knows no transport. Which request
is the n-th of its kind is settled when it is asked, so that calls side by side keep
their order whichever ends first.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import uuid4

from mojentic_nb.clock import Clock
from mojentic_nb.errors import CassetteMiss
from mojentic_nb.gateways.cassette_disk import (
    Rewriting,
    append,
    check_readable,
    check_writable,
    content,
)
from mojentic_nb.gateways.cassette_file import Recording, written
from mojentic_nb.gateways.cassette_match import nearest
from mojentic_nb.gateways.cassette_reading import read
from mojentic_nb.gateways.cassette_request import Request

__all__ = ["Place", "Tape"]

# Digits of a second that are kept: microseconds.
DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in a recording run an exchange belongs."""

    run: str
    number: int
    asked_s: float


class Tape:
    """One cassette under way.

    Args:
        path: Its file.
        mode: `auto`, `record` or `replay`.
        clock: What recordings are timed with.

    Raises:
        BadArgument: The file cannot be used in this way.
        CassetteError: It is no cassette, or damaged.

    Attributes:
        first_run: The run whose recordings come first: a new one's, where all is recorded.
    """

    def __init__(self, path: Path, mode: str, clock: Clock) -> None:
        if mode == "replay":
            check_readable(path)
        found = read(content(path), str(path))
        if mode != "replay":
            check_writable(path)

        self._path = path
        self._mode = mode
        self._clock = clock
        self._began_at = clock.now()
        # When, for a person; and apart from all others, should clocks go back.
        self._run = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {uuid4().hex[:6]}"
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._asked: Counter[str] = Counter()
        kept = found if mode != "record" else []
        self._by_key = _sorted(kept)
        self.first_run = kept[0].run if kept else self._run
        self._rewriting = Rewriting(path) if mode == "record" else None
        self.replayed = 0
        self.recorded = 0

    @property
    def size(self) -> int:
        """How many recordings there were at the beginning."""
        return sum(map(len, self._by_key.values()))

    def now(self) -> float:
        """Seconds since the run began; never less than 0."""
        return round(max(0.0, self._clock.now() - self._began_at), DIGITS)

    def ask(self, request: Request) -> Recording | Place:
        """The recording that answers a request, or where its own is to be kept.

        Raises:
            CassetteMiss: There is none, and nothing may be sent.
        """
        with self._lock:
            asked = self._asked[request.key]
            self._asked[request.key] += 1
            known = self._by_key.get(request.key, ())
            if asked < len(known):
                self.replayed += 1
                return known[asked]
            if self._mode != "replay":
                return Place(run=self._run, number=next(self._numbers), asked_s=self.now())

        raise self._miss(request, known, asked)

    def _miss(self, request: Request, known: Sequence[Recording], asked: int) -> CassetteMiss:
        if known:
            lines = ", ".join(str(one.line) for one in known)
            word = "line" if len(known) == 1 else "lines"
            times = "once" if len(known) == 1 else f"{len(known)} times"
            why = f"it is recorded {times} ({word} {lines}) and was asked {asked + 1} times."
        else:
            others = [one for recordings in self._by_key.values() for one in recordings]
            near = nearest(request, others)
            why = "nothing is recorded there."
            if near is not None:
                recording, told = near
                why = f"{told} (line {recording.line})."

        return CassetteMiss(
            f"{self._path} has no answer to this {request}: {why}",
            hint="Record it with mode='auto', or ask as it was recorded.",
            gateway=request.gateway,
        )

    def keep(self, recording: Recording) -> None:
        """Write down one exchange.

        Raises:
            CassetteError: It could not be written.
        """
        data = written(recording)
        with self._lock:
            add: Callable[[bytes], None] = (
                self._rewriting.add if self._rewriting else lambda lines: append(self._path, lines)
            )
            add(data)
            self.recorded += 1

    def close(self, *, is_aborted: bool = False) -> None:
        """Finish; a file that is rewritten takes its place now, unless aborted."""
        with self._lock:
            if self._rewriting is not None:
                (self._rewriting.abort if is_aborted else self._rewriting.finish)()


def _sorted(recordings: Sequence[Recording]) -> dict[str, list[Recording]]:
    """By request; equal ones in the order in which they were asked."""
    runs = {run: place for place, run in enumerate(dict.fromkeys(one.run for one in recordings))}
    by_key: dict[str, list[Recording]] = {}
    for one in sorted(recordings, key=lambda one: (runs[one.run], one.number)):
        by_key.setdefault(one.request.key, []).append(one)

    return by_key
