"""Calls told of as they begin, for those who gave an event store and wait for its callback.

Law: only where such a store is; else a call's event is made of its span when somebody reads
it. What was told here is not told again when the span is over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mojentic_nb.events import ModelAsked
from mojentic_nb.place import Place
from mojentic_nb.request import ChatRequest
from mojentic_nb.tracer.conversation import Conversation
from mojentic_nb.tracer.events import LLMCallTracerEvent, TracerEvent
from mojentic_nb.tracer.events_of import SOURCE, FindRow, chain_of, row_dict
from mojentic_nb.tracer.span import Span

__all__ = ["LiveCalls"]


class LiveCalls:
    """Tells of calls that begin.

    Args:
        store: Gets their events.
        read: Makes the messages of a call readable, without secrets, as far as they may
            be kept: `(messages, trace_id)`.
    """

    def __init__(
        self,
        store: Callable[[TracerEvent], object],
        read: Callable[[tuple[Any, ...], str], Conversation],
    ) -> None:
        self._store = store
        self._read = read
        self._begun: dict[str, Conversation] = {}

    def begin(self, place: Place, correlation_id: str, asked: ModelAsked, start_ns: int) -> None:
        """A call begins; what is no chat has no event of Mojentic's."""
        request = asked.request
        if not isinstance(request, ChatRequest):
            return

        said = self._begun[place.span_id] = self._read(request.messages, place.trace_id)
        self._store(
            LLMCallTracerEvent(
                source=SOURCE,
                timestamp=start_ns / 1e9,
                correlation_id=correlation_id,
                span_id=place.span_id,
                parent_id=place.parent_id,
                trace_id=place.trace_id,
                session_id=place.session_id,
                model=asked.model,
                messages=said,
                temperature=request.config.temperature,
                tools=[{"name": one.name, "description": one.description} for one in request.tools]
                or None,
            )
        )

    def has_begun(self, span: Span, find: FindRow) -> bool:
        """Whether the call of a span that is over was told here; asked once for each."""
        said = self._begun.pop(span.span_id, None)
        if said is None:
            return False

        # Each call's own list of the same messages would be the square of a conversation.
        said.kept_by(lambda: map(row_dict, chain_of(span.in_tip, find)))
        return True
