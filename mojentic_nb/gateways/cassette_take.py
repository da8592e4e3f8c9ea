"""One exchange under a cassette: being recorded, or being played.

Law: the bytes go through untouched and uncut, whichever way; sync or not is the road's
business. What was interrupted is not kept: it would be replayed as an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mojentic_nb.errors import GatewayError, GatewayStatus, GatewayTorn, scrub
from mojentic_nb.gateways.cassette_file import BREAKS, Broken, Recording
from mojentic_nb.gateways.cassette_request import (
    Request,
    answer_without_keys,
    kept_headers,
    secrets_of,
)
from mojentic_nb.gateways.cassette_tape import DIGITS, Place, Tape
from mojentic_nb.gateways.wire import WireRequest

__all__ = ["Play", "Take", "begin"]


def begin(tape: Tape, wire: WireRequest, *, is_instant: bool) -> Play | Take:
    """Begin an exchange: from the tape, or to be sent and recorded.

    Raises:
        CassetteMiss: It is not on the tape, and nothing may be sent.
        GatewayDenied: It is not on the tape, and there is no key to send it with.
    """
    request = Request.of(wire)
    found = tape.ask(request)
    if isinstance(found, Recording):
        return Play(found, wire, is_instant=is_instant)
    if wire.unsendable is not None:
        raise wire.unsendable

    return Take(tape, request, found, wire)


class Play:
    """A recording, played."""

    __slots__ = ("_recording", "_stamp", "headers")

    def __init__(self, recording: Recording, wire: WireRequest, *, is_instant: bool) -> None:
        self.headers = recording.headers
        self._recording = recording
        self._stamp = stamp = wire.stamp
        stamp.run, stamp.asked_s = recording.run, recording.asked_s
        stamp.at_s, stamp.is_instant = 0.0, is_instant

    def check(self) -> None:
        """Raise the refusal, if that is what was recorded."""
        if self._recording.is_refusal:
            self._fail()

    def steps(self) -> Iterator[tuple[float, bytes]]:
        """The bytes as they came, each with the seconds to wait for it.

        Raises:
            GatewayError: The answer broke off, then as now.
        """
        before_s = 0.0
        for at_s, data in self._recording.cut():
            self._stamp.at_s = at_s
            yield 0.0 if self._stamp.is_instant else max(0.0, at_s - before_s), data
            before_s = at_s

        self._fail()

    def end(self) -> None:
        """The reader has had enough, or all of it."""
        self._stamp.at_s = self._recording.ended_s

    def _fail(self) -> None:
        self.end()
        error = self._recording.error()
        if error is not None:
            raise error


class Take:
    """A recording under way."""

    __slots__ = ("_broken", "_data", "_head", "_pieces", "_place", "_request", "_tape", "_wire")

    def __init__(self, tape: Tape, request: Request, place: Place, wire: WireRequest) -> None:
        self._tape = tape
        self._request = request
        self._place = place
        self._wire = wire
        self._head: Mapping[str, str] | None = None
        self._data: list[bytes] = []
        self._pieces: list[tuple[float, int]] = []
        self._broken: GatewayError | None = None
        wire.stamp.run, wire.stamp.asked_s = place.run, place.asked_s

    def answered(self, headers: Mapping[str, str]) -> None:
        """The head of an answer has come."""
        self._head = headers

    def listen(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same bytes, written down."""
        try:
            # No loop with a local variable: tracebacks show those, and servers repeat keys.
            yield from map(self.heard, chunks)
        except GatewayError as error:
            self.broke(error)
            raise

    def heard(self, data: bytes) -> bytes:
        """Bytes have come; gives them back."""
        if data:
            self._data.append(data)
            self._pieces.append((self._now(), len(data)))

        return data

    def broke(self, error: GatewayError) -> None:
        """The answer broke off."""
        self._broken = error

    def end(self, problem: BaseException | None) -> None:
        """The exchange is over, well or not; it is kept if it can be played again.

        Raises:
            CassetteError: It could not be written.
        """
        ended_s = self._now()
        if self._head is None:
            status, failed = self._refused(problem)
            if failed is not None:
                self._keep(status, failed, ended_s)
        elif problem is None or isinstance(problem, GatewayError):
            # An error of the reader's own comes of bytes, and will come of them again.
            failed = self._broken if problem is self._broken else None
            if failed is None or type(failed).__name__ in BREAKS:
                self._keep(200, failed, ended_s)

    def _refused(self, problem: BaseException | None) -> tuple[int | None, GatewayError | None]:
        """How the server turned the request down; nothing where none was reached."""
        if isinstance(problem, GatewayStatus) and problem.status is not None:
            return problem.status, problem

        return None, problem if isinstance(problem, GatewayTorn) else None

    def _keep(self, status: int | None, failed: GatewayError | None, ended_s: float) -> None:
        secrets = secrets_of(self._wire)
        whole = b"".join(self._data)
        data = answer_without_keys(whole, secrets)
        self._tape.keep(
            Recording(
                request=self._request,
                run=self._place.run,
                number=self._place.number,
                asked_s=self._place.asked_s,
                status=status,
                headers=kept_headers(self._head or {}, secrets),
                data=data,
                pieces=self._pieces_of(data if data != whole else None),
                ended_s=ended_s,
                broken=None if failed is None else self._told(failed),
            )
        )

    def _pieces_of(self, changed: bytes | None) -> tuple[tuple[float, int], ...]:
        if changed is None:
            return tuple(self._pieces)

        # Keys were taken out, so the cuts are only about where they were.
        pieces, left = [], len(changed)
        for at_s, size in self._pieces[:-1]:
            pieces.append((at_s, min(size, left)))
            left -= min(size, left)
        return (*pieces, (self._pieces[-1][0], left))

    def _told(self, failed: GatewayError) -> Broken:
        secrets = self._wire.headers.secrets
        return Broken(
            kind=type(failed).__name__,
            message=scrub(failed.message, *secrets),
            hint=scrub(failed.hint, *secrets),
            retry_after_s=failed.retry_after_s,
        )

    def _now(self) -> float:
        """Seconds since asking; a clock that goes back stands still here."""
        stamp = self._wire.stamp
        at_s = round(self._tape.now() - self._place.asked_s, DIGITS)
        stamp.at_s = at_s = max(at_s, stamp.at_s or 0.0)
        return at_s
