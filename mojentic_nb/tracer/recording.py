"""What other programs tell a tracer by hand: `record_llm_call` and its kin.

Law: takes whatever it is given and never raises into the caller's program; what cannot be
taken is counted and warned about once. Everything told is an event at once, for Mojentic's
readers, and a span when it is over, for all others.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from mojentic_nb import ids
from mojentic_nb.tracer.conversation import Conversation
from mojentic_nb.tracer.events import (
    AgentInteractionTracerEvent,
    LLMCallTracerEvent,
    LLMResponseTracerEvent,
    ToolBatchTracerEvent,
    ToolCallTracerEvent,
    TracerEvent,
)
from mojentic_nb.tracer.finished import Finished, now_ns
from mojentic_nb.tracer.plain import error_words, plain
from mojentic_nb.tracer.said import each_of, message_dict
from mojentic_nb.tracer.told_spans import ToldSpans

__all__ = ["Recording"]

P = ParamSpec("P")

# (JSON-like data, where it stands) -> the same without secrets.
Scrub = Callable[[Any, str], Any]


def _never_raising(
    record: Callable[Concatenate[Recording, P], None],
) -> Callable[Concatenate[Recording, P], None]:
    @wraps(record)
    def recorded(self: Recording, /, *args: P.args, **options: P.kwargs) -> None:
        try:
            record(self, *args, **options)
        except Exception as problem:
            self.note_drop(problem)

    return recorded


class Recording:
    """Makes events and spans of what is told by hand.

    Args:
        take: Gets every span that is over; scrubs and writes it out.
        store: Gets every event as it is told.
        source: Who tells of events where the caller does not say.
        scrub: Takes secrets out of JSON-like data, as `Scrubber.value`; what comes back is
            what events hold.
        keeps_content: Whether events may hold what was said.
        clock_ns: Epoch nanoseconds.
    """

    def __init__(
        self,
        take: Callable[[Finished], object],
        *,
        store: Callable[[TracerEvent], object],
        source: Any = None,
        scrub: Scrub | None = None,
        keeps_content: bool = True,
        clock_ns: Callable[[], int] = now_ns,
    ) -> None:
        self._spans = ToldSpans(take, clock_ns)
        self._store = store
        self._source = source
        self._scrub = scrub
        self.keeps_content = keeps_content
        self._clock_ns = clock_ns
        self._has_warned = False
        self.dropped = 0

    def __len__(self) -> int:
        """Calls told whose answer has not been told."""
        return len(self._spans)

    @_never_raising
    def record_event(self, event: Any) -> None:
        """Take an event as it is: one of Mojentic's kinds becomes a span as if told by hand."""
        self._store(event)
        if not isinstance(event, TracerEvent):
            return

        # The event is the caller's; only the copy is told where it stands.
        placed = event.model_copy()
        if isinstance(placed, LLMCallTracerEvent):
            self._spans.open(placed, placed.correlation_id, tuple(placed.messages))
        elif isinstance(placed, LLMResponseTracerEvent):
            self._spans.close(placed, placed.correlation_id, None, None)
        else:
            self._spans.finish(placed)

    @_never_raising
    def record_llm_call(
        self,
        model: Any,
        messages: Any,
        temperature: Any = 1.0,
        tools: Any = None,
        source: Any = None,
        correlation_id: Any = None,
    ) -> None:
        """A model is called; its answer is told later."""
        known, given = self._begin(correlation_id, source)
        said = each_of(messages)
        event = LLMCallTracerEvent(
            **known,
            model=model,
            messages=self.conversation(said),
            temperature=temperature,
            tools=tools,
        )
        self._spans.open(event, given, said)
        self._store(event)

    @_never_raising
    def record_llm_response(
        self,
        model: Any,
        content: Any,
        tool_calls: Any = None,
        call_duration_ms: Any = None,
        source: Any = None,
        correlation_id: Any = None,
        usage: Any = None,
        provider_model: Any = None,
        finish_reason: Any = None,
        metadata: Any = None,
    ) -> None:
        """A model has answered; an exception as the content means that it failed."""
        known, given = self._begin(correlation_id, source)
        failed = content if isinstance(content, BaseException) else None
        event = LLMResponseTracerEvent(
            **known,
            **self._failure(failed),
            model=model,
            content="" if failed else self._said(content, "output"),
            tool_calls=self._said(None if tool_calls is None else plain(tool_calls), "output"),
            call_duration_ms=call_duration_ms,
            usage=usage,
            provider_model=provider_model,
            finish_reason=finish_reason,
            metadata=metadata,
        )
        self._spans.close(event, given, content, tool_calls)
        self._store(event)

    @_never_raising
    def record_tool_call(
        self,
        tool_name: Any,
        arguments: Any,
        result: Any,
        caller: Any = None,
        call_duration_ms: Any = None,
        source: Any = None,
        correlation_id: Any = None,
    ) -> None:
        """A tool has run; an exception as the result means that it failed."""
        known, _ = self._begin(correlation_id, source)
        event = ToolCallTracerEvent(
            **known,
            **self._failure(result if isinstance(result, BaseException) else None),
            tool_name=tool_name,
            arguments=self._said(plain(arguments), "tool_args") if arguments else {},
            result=self._said(plain(result), "tool_result"),
            caller=caller,
            call_duration_ms=call_duration_ms,
        )
        event.timestamp -= (event.call_duration_ms or 0.0) / 1e3
        self._spans.finish(event, call=(arguments, result))
        self._store(event)

    @_never_raising
    def record_tool_batch(
        self,
        batch_id: Any,
        tool_names: Any,
        success_count: Any,
        failure_count: Any,
        call_duration_ms: Any,
        caller: Any = None,
        source: Any = None,
        correlation_id: Any = None,
    ) -> None:
        """Tools have run side by side."""
        known, _ = self._begin(correlation_id, source)
        event = ToolBatchTracerEvent(
            **known,
            batch_id=batch_id,
            tool_names=[tool_names] if isinstance(tool_names, str) else list(tool_names or ()),
            success_count=success_count or 0,
            failure_count=failure_count or 0,
            call_duration_ms=call_duration_ms,
            caller=caller,
        )
        event.timestamp -= (event.call_duration_ms or 0.0) / 1e3
        self._spans.finish(event)
        self._store(event)

    @_never_raising
    def record_agent_interaction(
        self,
        from_agent: Any,
        to_agent: Any,
        event_type: Any,
        event_id: Any = None,
        source: Any = None,
        correlation_id: Any = None,
    ) -> None:
        """One agent sends an event to another."""
        known, _ = self._begin(correlation_id, source)
        event = AgentInteractionTracerEvent(
            **known,
            from_agent=from_agent,
            to_agent=to_agent,
            event_type=event_type,
            event_id=event_id,
        )
        self._spans.finish(event)
        self._store(event)

    @_never_raising
    def flush(self) -> None:
        """Close the calls whose answer was never told, as abandoned."""
        self._spans.flush()

    def has_told(self, span_id: str) -> bool:
        """Whether a span's events have been told here; asked once for each span."""
        return self._spans.has_told(span_id)

    def note_drop(self, problem: Exception) -> None:
        """Count something that could not be taken."""
        self.dropped += 1
        if self._has_warned:
            return

        self._has_warned = True
        # Where warnings are errors, this one is still not to end the caller's program.
        with suppress(RuntimeWarning):
            warnings.warn(
                f"Something told to the tracer could not be taken: {type(problem).__name__}. "
                "The program goes on; more of these are only counted.",
                RuntimeWarning,
                stacklevel=4,
            )

    # events -----------------------------------------------------------------

    def _begin(self, correlation_id: Any, source: Any) -> tuple[dict[str, Any], str]:
        """What every event says, and the correlation id as it was given."""
        given = "" if correlation_id is None else str(correlation_id)
        told = given or ids.correlation_id()
        known = {
            "source": self._source if source is None else source,
            "timestamp": self._clock_ns() / 1e9,
            "correlation_id": told,
        }
        return known, given

    def _said(self, value: Any, where: str) -> Any:
        if not self.keeps_content:
            return None

        return value if self._scrub is None or value is None else self._scrub(value, where)

    def conversation(self, messages: tuple[Any, ...], *, keeps: bool = True) -> Conversation:
        """Messages as events hold them: without secrets, or only counted."""
        scrub = self._scrub
        if not (keeps and self.keeps_content):
            return Conversation(tuple, told=len(messages))
        if scrub is None:
            return Conversation(lambda: map(message_dict, messages), told=len(messages))

        return Conversation(
            lambda: (scrub(message_dict(message), "input") for message in messages),
            told=len(messages),
        )

    def _failure(self, problem: BaseException | None) -> dict[str, Any]:
        if problem is None:
            return {}

        words = self._scrub(error_words(problem), "error") if self._scrub else error_words(problem)
        return {"ok": False, "error_type": type(problem).__name__, "error_message": words}
