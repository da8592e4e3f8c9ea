"""Mojentic's way of tracing: events told by hand, and read by type, time and cause.

Law: a door to the same spans as all others; nothing is kept here. Names and parameters are
Mojentic's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from mojentic_nb.tracer.event_store import EventStore
from mojentic_nb.tracer.frames import Frames
from mojentic_nb.tracer.keeping import Keeping
from mojentic_nb.tracer.recording import Recording

__all__ = ["Facade"]

P = ParamSpec("P")


def _by_hand(
    record: Callable[Concatenate[Recording, P], None],
) -> Callable[Concatenate[Facade, P], None]:
    @wraps(record)
    def told(self: Facade, /, *args: P.args, **options: P.kwargs) -> None:
        if self.enabled:
            record(self._recording, *args, **options)

    return told


class Facade(Frames):
    """What Mojentic's `TracerSystem` can do.

    Attributes:
        enabled: Whether it listens now.
        event_store: The events.
    """

    enabled: bool
    event_store: EventStore
    _keeping: Keeping
    _recording: Recording

    def enable(self) -> None:
        """Listen."""
        self.enabled = True

    def disable(self) -> None:
        """Listen no more; what was heard stays."""
        self.enabled = False

    record_event = _by_hand(Recording.record_event)
    record_llm_call = _by_hand(Recording.record_llm_call)
    record_llm_response = _by_hand(Recording.record_llm_response)
    record_tool_call = _by_hand(Recording.record_tool_call)
    record_tool_batch = _by_hand(Recording.record_tool_batch)
    record_agent_interaction = _by_hand(Recording.record_agent_interaction)

    def get_events(
        self,
        event_type: type | tuple[type, ...] | None = None,
        start_time: float | None = None,
        end_time: float | None = None,
        filter_func: Callable[[Any], bool] | None = None,
        *,
        correlation_id: str | None = None,
    ) -> list[Any]:
        """Events by type, time, predicate or `correlation_id`; see `EventStore.get_events`."""
        self._keeping.intake.drain()
        return self.event_store.get_events(
            event_type, start_time, end_time, filter_func, correlation_id=correlation_id
        )

    def get_last_n_tracer_events(
        self, n: int, event_type: type | tuple[type, ...] | None = None
    ) -> list[Any]:
        """The last events, oldest of them first; none for 0."""
        self._keeping.intake.drain()
        return self.event_store.get_last_n_events(n, event_type)

    def query(self, type: str = "*", **fields: Any) -> list[Any]:
        """Events whose class is called so (`LLMCall`, `*`) and whose fields are equal to these."""
        wanted = type.removesuffix("TracerEvent")
        return [
            event
            for event in self.get_events()
            if wanted in ("*", event.__class__.__name__.removesuffix("TracerEvent"))
            and all(getattr(event, name, None) == value for name, value in fields.items())
        ]

    def metrics(self) -> dict[str, float]:
        """Calls, tools, and the mean seconds of an answer; 0.0 where there is none."""
        columns = self._keeping.columns(["kind", "start_ns", "end_ns"])
        spent = [
            (end - start) / 1e9
            for kind, start, end in zip(*columns.values(), strict=True)
            if kind == "llm"
        ]
        return {
            "total_llm_calls": len(spent),
            "total_tool_calls": columns["kind"].count("tool"),
            "avg_response_time": sum(spent) / len(spent) if spent else 0.0,
        }
