"""Mojentic's events, derived from spans.

Law: pure. A span is one or two events, or none where Mojentic has no word for its kind;
what is no longer kept is None or empty, never a preview in its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from mojentic_nb.tracer.conversation import Conversation
from mojentic_nb.tracer.events import (
    AgentInteractionTracerEvent,
    LLMCallTracerEvent,
    LLMResponseTracerEvent,
    ToolBatchTracerEvent,
    ToolCallTracerEvent,
    TracerEvent,
)
from mojentic_nb.tracer.rows import MessageRow
from mojentic_nb.tracer.span import Span

__all__ = ["FindRow", "chain_of", "events_of", "row_dict"]

FindRow = Callable[[bytes], MessageRow | None]

# Who tells of a derived event; Mojentic names the tracer's class there.
SOURCE = "mojentic_nb.tracer"

USAGE = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cached_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "reasoning_tokens": "reasoning_tokens",
}
METADATA = ("provider", "server", "response_id", "ttft_ms", "retries", "cache_hit", "cost")


def events_of(
    span: Span,
    messages_in: Sequence[MessageRow] | Callable[[], Sequence[MessageRow]] = (),
    messages_out: Sequence[MessageRow] = (),
) -> list[TracerEvent]:
    """The events a span stands for, by time.

    Args:
        span: One that is over.
        messages_in: What was sent, oldest first, or what gives it when it is looked at.
        messages_out: A chain whose last message is the answer; empty for none.
    """
    if span.kind == "llm":
        return [_call(span, messages_in), _response(span, messages_out)]
    if span.kind == "tool":
        return [_tool(span)]
    if span.kind == "tool_batch":
        return [_batch(span)]
    if span.kind == "agent":
        return [_interaction(span)]

    return []


def chain_of(tip: bytes | None, find: FindRow) -> list[MessageRow]:
    """The messages up to a tip, oldest first; none where one of them is gone."""
    rows: dict[bytes, MessageRow] = {}
    while tip:
        row = find(tip)
        # A file from elsewhere may hold a chain that bites its tail.
        if row is None or tip in rows:
            return []

        rows[tip] = row
        tip = row.parent

    return list(rows.values())[::-1]


def row_dict(row: MessageRow) -> dict[str, Any]:
    """A stored message as Mojentic shows one: `role`, `content`, and what else there is."""
    parts = read_object(row.parts)
    told: dict[str, Any] = {"role": row.role, "content": row.text or _nothing_said(parts)}
    return {**told, **parts}


def read_object(text: str | None) -> dict[str, Any]:
    """A JSON object; an empty one where it is none."""
    try:
        read = json.loads(text) if text else {}
    except ValueError:
        return {}

    return read if isinstance(read, dict) else {}


def _nothing_said(parts: dict[str, Any]) -> str | None:
    return None if parts.get("tool_calls") else ""


def _placed(span: Span, at_ns: int) -> dict[str, Any]:
    return {
        "source": SOURCE,
        "timestamp": at_ns / 1e9,
        "correlation_id": span.correlation_id or None,
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "trace_id": span.trace_id,
        "session_id": span.session_id,
    }


def _ended(span: Span) -> dict[str, Any]:
    return {
        "call_duration_ms": (span.end_ns - span.start_ns) / 1e6,
        "ok": span.status == "ok",
        "error_type": span.error_type,
        "error_message": span.error_message,
    }


def _call(
    span: Span, messages: Sequence[MessageRow] | Callable[[], Sequence[MessageRow]]
) -> LLMCallTracerEvent:
    read = messages if callable(messages) else lambda: messages
    params = read_object(span.params)
    return LLMCallTracerEvent(
        **_placed(span, span.start_ns),
        model=span.model,
        messages=Conversation(lambda: map(row_dict, read()), told=span.n_messages),
        temperature=params.get("temperature"),
        tools=[{"name": name} for name in read_object(span.attrs).get("tools") or ()] or None,
    )


def _response(span: Span, messages: Sequence[MessageRow]) -> LLMResponseTracerEvent:
    said = row_dict(messages[-1]) if messages else {}
    content = said.get("content")
    usage = {name: getattr(span, column) for name, column in USAGE.items()}
    metadata = {
        name: value for name in METADATA if (value := getattr(span, name)) not in (None, "")
    }
    return LLMResponseTracerEvent(
        **_placed(span, span.end_ns),
        **_ended(span),
        model=span.model,
        content="" if content is None and span.status != "ok" else content,
        tool_calls=said.get("tool_calls"),
        thinking=said.get("thinking"),
        usage={name: count for name, count in usage.items() if count is not None} or None,
        provider_model=span.response_model or None,
        finish_reason=span.finish_reason or None,
        metadata=metadata or None,
    )


def _tool(span: Span) -> ToolCallTracerEvent:
    return ToolCallTracerEvent(
        **_placed(span, span.start_ns),
        **_ended(span),
        tool_name=span.tool_name,
        arguments=read_object(span.tool_args),
        result=span.tool_result,
        caller=span.caller or None,
    )


def _batch(span: Span) -> ToolBatchTracerEvent:
    told = read_object(span.attrs)
    return ToolBatchTracerEvent(
        **_placed(span, span.start_ns),
        batch_id=span.batch_id,
        tool_names=told.get("tool_names") or [],
        success_count=told.get("success_count") or 0,
        failure_count=told.get("failure_count") or 0,
        call_duration_ms=(span.end_ns - span.start_ns) / 1e6,
        caller=span.caller or None,
    )


def _interaction(span: Span) -> AgentInteractionTracerEvent:
    return AgentInteractionTracerEvent(
        **_placed(span, span.start_ns),
        from_agent=span.agent_from,
        to_agent=span.agent_to,
        event_type=span.event_type,
        event_id=span.event_id or None,
    )
