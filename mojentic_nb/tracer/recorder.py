"""From the events of turns to spans that are over.

Law: a listener on the hot path. It looks at the clock never (envelopes tell the time),
touches no text, takes no lock, and keeps no context variable: a turn's place was read when
it was planned. Whatever way a turn ends, each span it opened is closed once: the interrupt
of a cell may land in here, so that what is over is made whole before it is forgotten as open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mojentic_nb.events import (
    Answer,
    Envelope,
    FellBack,
    Limited,
    ModelAnswered,
    ModelAsked,
    Retrying,
    ToolCalled,
    ToolReturned,
    TurnFailed,
    TurnFinished,
    TurnStopped,
)
from mojentic_nb.place import Place, place_of_turn
from mojentic_nb.request import EmbeddingRequest
from mojentic_nb.tracer.finished import Finished, zero_of

__all__ = ["Recorder"]

Take = Callable[[Finished], None]
# (its place, the turn's correlation id, what is asked, epoch nanoseconds)
Begin = Callable[[Place, str, ModelAsked, int], None]

# How a turn that its reader left is told; the first is the status.
_STOPPED = {
    "abandoned": ("abandoned", "stream_abandoned"),
    "cancelled": ("cancelled", "cancelled"),
    "interrupted": ("cancelled", "interrupted"),
}


def _whole_ns(seconds: float) -> int:
    # Whole microseconds: a replay's are the same then, whatever the clock says meanwhile.
    return round(seconds * 1e6) * 1000


class _Call:
    """One call of a model under way, over all its attempts."""

    __slots__ = ("asked", "at", "place", "retries", "wait_s")

    def __init__(self, asked: ModelAsked, at: float, place: Place) -> None:
        self.asked = asked
        self.at = at
        self.place = place
        self.retries = 0
        self.wait_s = 0.0


class _Batch:
    """Tools that run side by side."""

    __slots__ = ("at", "failed", "names", "place")

    def __init__(self, place: Place, at: float) -> None:
        self.place = place
        self.at = at
        self.names: list[str] = []
        self.failed = 0


class _Turn:
    """One turn under way."""

    __slots__ = (
        "batch",
        "began_at",
        "call",
        "closed",
        "correlation_id",
        "has_span",
        "last",
        "place",
        "replayed_ns",
        "tools",
        "waiting_at",
        "zero_ns",
    )

    def __init__(self, envelope: Envelope) -> None:
        self.correlation_id = envelope.correlation_id
        self.place = envelope.place or place_of_turn(envelope.correlation_id)
        self.began_at = envelope.at
        self.zero_ns = zero_of(envelope.at)
        self.has_span = False
        self.replayed_ns: int | None = None
        self.closed = 0
        self.call: _Call | None = None
        self.last: ModelAsked | None = None
        self.tools: dict[int, tuple[Place, float]] = {}
        self.batch: _Batch | None = None
        self.waiting_at: float | None = None

    def ns(self, at: float) -> int:
        return self.zero_ns + _whole_ns(at)

    def tool_ns(self, at: float) -> int:
        """When a tool begins; in a replay right after the answer that asked for it.

        What happens between two recorded answers takes another time now than then.
        """
        if self.replayed_ns is None:
            return self.ns(at)

        self.replayed_ns += 1000
        return min(self.ns(at), self.replayed_ns)

    def begin(self, asked: ModelAsked, at: float) -> _Call:
        """A call begins: under the turn's own span, where there is one, else in its place."""
        if not self.closed and self.call is None and asked.request is not None:
            self.has_span = self.has_span or bool(asked.request.tools)

        place = self.place
        if self.has_span:
            place = place.inside()
        elif self.closed:
            beside = place.inside()
            place = Place(
                place.trace_id, beside.span_id, place.parent_id, place.session_id, place.cell
            )
        self.last = asked
        began_at = at if self.waiting_at is None else self.waiting_at
        self.call = call = _Call(asked, began_at, place)
        return call

    def waited(self, at: float) -> None:
        """Whatever was waited for has come."""
        if self.waiting_at is not None and self.call is not None:
            self.call.wait_s += at - self.waiting_at
        self.waiting_at = None


class Recorder:
    """Makes a `Finished` of everything that ends, and hands it on at once.

    Args:
        take: Gets them; must be quick and must not raise.
        begin: Told of every call of a model as it begins, where somebody waits for that.
    """

    wants_pieces = False

    def __init__(self, take: Take, *, begin: Begin | None = None) -> None:
        self._take = take
        self._begin = begin
        self._turns: dict[str, _Turn] = {}
        self._zeros: dict[str, int] = {}
        self._inner_ends: dict[str, int] = {}
        self._handlers: dict[type, Callable[[_Turn, Any, float, Envelope], None]] = {
            ModelAsked: self._asked,
            ModelAnswered: self._answered,
            ToolCalled: self._called,
            ToolReturned: self._returned,
            Retrying: self._retrying,
            Limited: self._limited,
            FellBack: self._fell_back,
            TurnFinished: self._finished,
            TurnFailed: self._failed,
            TurnStopped: self._stopped,
        }

    def __call__(self, envelope: Envelope) -> None:
        """Take an event as it happens."""
        event = envelope.event
        handler = self._handlers.get(type(event))
        if handler is None:
            return

        key = envelope.correlation_id
        place = envelope.place
        if place is not None:
            is_tools = type(event) is ToolCalled or type(event) is ToolReturned
            key = place.parent_id if is_tools else place.span_id
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = _Turn(envelope)
        handler(turn, event, envelope.at, envelope)

    def __len__(self) -> int:
        """Turns under way."""
        return len(self._turns)

    # calls ------------------------------------------------------------------

    def _asked(self, turn: _Turn, asked: ModelAsked, at: float, _: Envelope) -> None:
        if turn.call is None:
            call = turn.begin(asked, at)
            if self._begin is not None:
                self._begin(call.place, turn.correlation_id, asked, turn.ns(call.at))
        turn.waited(at)

    def _answered(self, turn: _Turn, event: ModelAnswered, at: float, _: Envelope) -> None:
        answer = event.answer
        if answer.recorded is not None:
            self._replayed(turn, answer)
        if turn.call is None:  # nobody said that it was asked
            turn.begin(ModelAsked(answer.model, 1), answer.asked_at)
        self._close_call(turn, answer.answered_at or at, answer=answer)

    def _replayed(self, turn: _Turn, answer: Answer) -> None:
        """Lay the turn where its recording stood, so that all of a replay keeps its times."""
        assert answer.recorded is not None
        run, asked_s = answer.recorded
        zero = self._zeros.get(run)
        if zero is None:
            zero = self._zeros[run] = turn.ns(answer.asked_at) - _whole_ns(asked_s)
        turn.zero_ns = zero + _whole_ns(asked_s) - _whole_ns(answer.asked_at)
        if turn.call is not None and not turn.call.retries:
            turn.call.at = answer.asked_at
        if not turn.closed:
            turn.began_at = turn.call.at if turn.call is not None else answer.asked_at

    def _retrying(self, turn: _Turn, event: Retrying, at: float, _: Envelope) -> None:
        if turn.call is not None:
            turn.call.retries += 1
        turn.waiting_at = at

    def _limited(self, turn: _Turn, event: Limited, at: float, _: Envelope) -> None:
        if turn.waiting_at is None:
            turn.waiting_at = at

    def _fell_back(self, turn: _Turn, event: FellBack, at: float, _: Envelope) -> None:
        turn.waited(at)
        self._close_call(turn, at, status="error", error=event.error)

    def _close_call(self, turn: _Turn, at: float, **how: Any) -> None:
        call = turn.call
        if call is None:
            return

        start_ns = turn.ns(call.at)
        end_ns = start_ns + _whole_ns(at - call.at)
        self._note_end(turn, end_ns)
        answer = how.get("answer")
        is_replayed = answer is not None and answer.recorded is not None
        finished = Finished(
            kind="embeddings" if type(call.asked.request) is EmbeddingRequest else "llm",
            place=call.place,
            correlation_id=turn.correlation_id,
            start_ns=start_ns,
            end_ns=end_ns,
            asked=call.asked,
            retries=call.retries,
            wait_s=call.wait_s,
            **how,
        )
        turn.replayed_ns = end_ns if is_replayed else None
        turn.closed += 1
        turn.call = None
        self._take(finished)

    def _note_end(self, turn: _Turn, end_ns: int) -> None:
        # A replayed call inside a tool takes longer than the tool does now.
        outer = turn.place.parent_id
        if outer and self._zeros:
            self._inner_ends[outer] = max(end_ns, self._inner_ends.get(outer, 0))

    # tools ------------------------------------------------------------------

    def _called(self, turn: _Turn, event: ToolCalled, at: float, envelope: Envelope) -> None:
        place = envelope.place or turn.place.inside()
        if not turn.tools or turn.batch is None:
            turn.batch = _Batch(turn.place.inside(), at)
        turn.batch.names.append(event.call.name)
        turn.tools[id(event.call)] = place, at

    def _returned(self, turn: _Turn, returned: ToolReturned, at: float, _: Envelope) -> None:
        key = id(returned.call)
        place, called_at = turn.tools.get(key) or (turn.place.inside(), at)
        began_at = returned.began_at or max(called_at, at - returned.duration_s)
        start_ns = turn.tool_ns(began_at)
        end_ns = start_ns + int(returned.duration_s * 1e9)
        batch = turn.batch
        is_batch = batch is not None and len(batch.names) > 1
        if batch is not None and is_batch:
            place = replace(place, parent_id=batch.place.span_id)
        finished = Finished(
            kind="tool",
            place=place,
            correlation_id=turn.correlation_id,
            start_ns=start_ns,
            end_ns=max(end_ns, self._inner_ends.pop(place.span_id, 0)),
            status="ok" if returned.ok else "error",
            returned=returned,
            wait_s=max(0.0, began_at - called_at),
            batch_id=batch.place.span_id if batch is not None and is_batch else "",
        )
        turn.tools.pop(key, None)
        self._take(finished)
        if batch is not None and is_batch:
            batch.failed += not returned.ok
            if not turn.tools:
                self._close_batch(turn, batch, at)

    def _close_batch(self, turn: _Turn, batch: _Batch, at: float) -> None:
        ok = len(batch.names) - batch.failed
        counts = {"success_count": ok, "failure_count": batch.failed}
        finished = Finished(
            kind="tool_batch",
            place=batch.place,
            correlation_id=turn.correlation_id,
            start_ns=turn.ns(batch.at),
            end_ns=turn.ns(at),
            status="error" if batch.failed else "ok",
            batch_id=batch.place.span_id,
            attrs={"tool_names": batch.names, **counts},
        )
        turn.batch = None
        self._take(finished)

    # ends -------------------------------------------------------------------

    def _finished(self, turn: _Turn, event: TurnFinished, at: float, _: Envelope) -> None:
        self._end(turn, at, answer=event.answer)

    def _failed(self, turn: _Turn, event: TurnFailed, at: float, _: Envelope) -> None:
        how = {"status": "error", "error": event.error, "partial": event.partial}
        self._close_last_call(turn, event.whom, at, **how)
        self._end(turn, at, **how)

    def _stopped(self, turn: _Turn, event: TurnStopped, at: float, _: Envelope) -> None:
        status, kind = _STOPPED.get(event.reason, ("error", event.reason))
        how = {"status": status, "error_type": kind, "partial": event.partial}
        self._close_last_call(turn, event.whom, at, **how)
        for place, called_at in turn.tools.values():
            self._take(
                Finished(
                    kind="tool",
                    place=place,
                    correlation_id=turn.correlation_id,
                    start_ns=turn.ns(called_at),
                    end_ns=turn.ns(at),
                    status=status,
                    error_type=kind,
                )
            )
        self._end(turn, at, **how)

    def _close_last_call(self, turn: _Turn, whom: ModelAsked | None, at: float, **how: Any) -> None:
        if turn.call is None and not turn.closed and not turn.has_span:
            # It ended before anything was sent: still one call.
            turn.begin(turn.last or whom or ModelAsked("", 1), at)
        turn.waited(at)
        self._close_call(turn, at, **how)

    def _end(self, turn: _Turn, at: float, **how: Any) -> None:
        key = turn.place.span_id if turn.place.span_id in self._turns else turn.correlation_id
        if not turn.has_span:
            self._turns.pop(key, None)
            return

        end_ns = turn.ns(at)
        self._note_end(turn, end_ns)
        finished = Finished(
            kind="chat_turn",
            place=turn.place,
            correlation_id=turn.correlation_id,
            start_ns=turn.ns(turn.began_at),
            end_ns=end_ns,
            asked=turn.last,
            **how,
        )
        self._turns.pop(key, None)
        self._take(finished)
