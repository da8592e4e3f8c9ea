"""What the store keeps beside spans, as values, and one load of it.

Law: values only. Everything here was scrubbed before it was made: a row may be written to
a file as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mojentic_nb.tracer.span import Span

__all__ = [
    "Batch",
    "BlobRow",
    "MessageRow",
    "PriceRow",
    "RunRow",
    "ScoreRow",
    "SessionRow",
]


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message of a conversation, and the one before it.

    Attributes:
        hash: Of its parent's hash and of what it says; 16 bytes.
        parent: Hash of the message before; None for the first.
        role: `system`, `user`, `assistant` or `tool`.
        text: Its words; empty where it has none.
        parts: JSON object of what it has besides: `tool_calls`, `thinking`, `media` (by
            hash, mime and size), and of a tool's message `tool_call_id` and `name` and
            `is_error`; None for nothing.
        n_chars: Characters of its words.
        n_tokens: Tokens of its words, where somebody counted.
    """

    hash: bytes
    parent: bytes | None
    role: str
    text: str
    parts: str | None = None
    n_chars: int = 0
    n_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class BlobRow:
    """An image or document that went with a message.

    Attributes:
        hash: Of its bytes; 16 bytes.
        mime: Its media type.
        n_bytes: Its size in bytes.
        data: The bytes themselves, where they are to be kept.
    """

    hash: bytes
    mime: str
    n_bytes: int
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A price that costs were reckoned with, as it was then.

    Attributes:
        price_id: What `Span.price_id` says.
        provider: Whose price.
        model: Of which model.
        input: US dollars for `per` tokens; None where it is not known; so the next three.
        output: The same of the answer's tokens.
        cache_read: The same of tokens read from the provider's cache.
        cache_write: The same of tokens written to it.
        per: Tokens that the prices are for.
        as_of: The day it was true, as `2026-11-01`.
        source: Where it was read.
    """

    price_id: str
    provider: str
    model: str
    input: float | None
    output: float | None
    cache_read: float | None
    cache_write: float | None
    per: int
    as_of: str
    source: str


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A conversation's name.

    Attributes:
        session_id: What `Span.session_id` says.
        title: What it is called.
        created_ns: When it began, in epoch nanoseconds.
        meta: JSON object of anything else.
    """

    session_id: str
    title: str
    created_ns: int
    meta: str = "{}"


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of a process.

    Attributes:
        run_id: What `Span.run_id` says.
        started_ns: Epoch nanoseconds.
        host: The machine's name.
        pid: The process's id on it.
        notebook: The notebook, where it is known.
        versions: JSON object of versions by name.
    """

    run_id: str
    started_ns: int
    host: str
    pid: int
    notebook: str
    versions: str = "{}"


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One judgement of what a span gave.

    Attributes:
        span_id: The span judged; empty for none.
        cell_key: The cell of a comparison; empty for none.
        name: What was looked at.
        value: As a number, where it is one.
        label: In a word, where it is one.
        passed: Whether it will do.
        explanation: Why.
        source: `code`, `judge` or `human`.
        judge_span_id: The judge's own call; empty for none.
        created_ns: Epoch nanoseconds.
    """

    span_id: str
    cell_key: str
    name: str
    value: float | None
    label: str
    passed: bool | None
    explanation: str
    source: str
    judge_span_id: str
    created_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is written in one transaction."""

    spans: list[Span] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    blobs: list[BlobRow] = field(default_factory=list)
    prices: list[PriceRow] = field(default_factory=list)
    sessions: list[SessionRow] = field(default_factory=list)
    runs: list[RunRow] = field(default_factory=list)
    scores: list[ScoreRow] = field(default_factory=list)
