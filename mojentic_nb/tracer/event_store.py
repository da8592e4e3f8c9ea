"""The events of a trace, as Mojentic keeps them: the last so many, for whoever asks.

Law: bounded, and safe from any thread. What is handed out is the reader's own. A callback
that raises is warned about once; storing goes on, and so does the call that is traced.
"""

from __future__ import annotations

import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.events import TracerEvent
from mojentic_nb.tracer.events_of import FindRow, chain_of, events_of
from mojentic_nb.tracer.rows import MessageRow
from mojentic_nb.tracer.span import Span

__all__ = ["EventStore", "MOST_EVENTS"]

# Two for each span of the ring.
MOST_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class _Told:
    """A span whose events are made when somebody reads them."""

    span: Span
    find: FindRow
    has_begun: bool

    def events(self) -> list[TracerEvent]:
        """Its events; their messages are looked for when they are looked at."""
        answer = self.find(self.span.out_tip) if self.span.out_tip else None
        events = events_of(self.span, self._sent, () if answer is None else (answer,))
        return events[1:] if self.has_begun else events

    def _sent(self) -> list[MessageRow]:
        return chain_of(self.span.in_tip, self.find)


class EventStore:
    """Keeps events, and hands them out by kind, time, correlation id and predicate.

    Args:
        on_store_callback: Told of every event as it is stored.
        max_events: The oldest leave when there are more; None for no bound.

    Raises:
        BadArgument: `max_events` is below 1.
    """

    def __init__(
        self,
        on_store_callback: Callable[[Any], object] | None = None,
        *,
        max_events: int | None = MOST_EVENTS,
    ) -> None:
        if max_events is not None and max_events < 1:
            raise BadArgument(
                f"max_events is {max_events}: an event store keeps at least 1.",
                hint="Trace nothing with TracerSystem(enabled=False).",
            )

        self.on_store_callback = on_store_callback
        self.max_events = max_events
        self._entries: deque[Any] = deque(maxlen=max_events)
        self._lock = threading.Lock()
        self._has_warned = False

    @property
    def events(self) -> list[Any]:
        """All that are kept, oldest first; a list of the reader's own."""
        return self.get_events()

    def store(self, event: Any) -> None:
        """Keep an event, and tell the callback of it."""
        with self._lock:
            self._entries.append(event)
        self._tell([event])

    def store_span(self, span: Span, *, find: FindRow, has_begun: bool = False) -> None:
        """Keep a span, which is read as Mojentic's events.

        Args:
            span: It is over, and is not changed any more.
            find: Gives the message with a hash; None where it is no longer kept.
            has_begun: Its first event was stored as it began.
        """
        told = _Told(span, find, has_begun)
        with self._lock:
            self._entries.append(told)
        if self.on_store_callback is not None:
            self._tell(told.events())

    def get_events(
        self,
        event_type: type | tuple[type, ...] | None = None,
        start_time: float | None = None,
        end_time: float | None = None,
        filter_func: Callable[[Any], bool] | None = None,
        *,
        correlation_id: str | None = None,
    ) -> list[Any]:
        """The events that fit, oldest first.

        Args:
            event_type: Of this class, or of one below it.
            start_time: At this moment or later, in seconds of the Unix epoch; events
                without a time do not fit.
            end_time: At this moment or earlier, likewise.
            filter_func: True for those wanted.
            correlation_id: Of this cause alone.
        """
        return [
            event
            for event in self._kept(self._snapshot())
            if (event_type is None or isinstance(event, event_type))
            and _is_between(event, start_time, end_time)
            and (correlation_id is None or getattr(event, "correlation_id", None) == correlation_id)
            and (filter_func is None or filter_func(event))
        ]

    def get_last_n_events(
        self, n: int, event_type: type | tuple[type, ...] | None = None
    ) -> list[Any]:
        """The last `n` events, oldest of them first; none for 0."""
        found: list[Any] = []
        for entry in reversed(self._snapshot()):
            if len(found) >= n:
                break
            fitting = (
                event
                for event in _events(entry)
                if event_type is None or isinstance(event, event_type)
            )
            found.extend(reversed(list(fitting)))

        return found[: max(n, 0)][::-1]

    def clear(self) -> None:
        """Forget all events."""
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        return sum(1 for _ in self._kept(self._snapshot()))

    def __bool__(self) -> bool:
        # An empty store is a store: `event_store or EventStore()` must not replace it.
        return True

    def __repr__(self) -> str:
        return f"EventStore({len(self):,} events, at most {self.max_events or 'any number'})"

    def _snapshot(self) -> list[Any]:
        with self._lock:
            return list(self._entries)

    def _kept(self, entries: list[Any]) -> Iterable[Any]:
        """Their events, oldest first, no more than are to be kept."""
        events: Iterator[Any] = (event for entry in entries for event in _events(entry))
        return events if self.max_events is None else deque(events, maxlen=self.max_events)

    def _tell(self, events: Sequence[Any]) -> None:
        callback = self.on_store_callback
        if callback is None:
            return

        for event in events:
            try:
                callback(event)
            except Exception as problem:
                self._warn_once(callback, problem)

    def _warn_once(self, callback: object, problem: Exception) -> None:
        if self._has_warned:
            return

        self._has_warned = True
        # Where warnings are errors, this one is still not to end the call that is traced.
        with suppress(RuntimeWarning):
            warnings.warn(
                f"An event store's callback failed; events are kept all the same: {callback!r} "
                f"raised {problem!r}.",
                RuntimeWarning,
                stacklevel=4,
            )


def _events(entry: Any) -> Sequence[Any]:
    return entry.events() if isinstance(entry, _Told) else (entry,)


def _is_between(event: Any, start_time: float | None, end_time: float | None) -> bool:
    if start_time is None and end_time is None:
        return True

    timestamp = getattr(event, "timestamp", None)
    if not isinstance(timestamp, int | float):
        return False

    return (start_time is None or timestamp >= start_time) and (
        end_time is None or timestamp <= end_time
    )
