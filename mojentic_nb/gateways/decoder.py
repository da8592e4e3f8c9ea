"""From a server's bytes to events: what the three protocols have in common.

Law: no I/O. Bytes may arrive torn anywhere; an answer without its final marker is
never taken for a whole one. Each protocol says only what one record means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pydantic_core import from_json

from mojentic_nb.errors import (
    GatewayError,
    GatewayFault,
    GatewayGarbled,
    GatewayTorn,
    kind_of_status,
)
from mojentic_nb.events import Answer, Event, TextDelta, ThinkingDelta, ToolCallDelta, Usage
from mojentic_nb.gateways.calls import ToolCallParts
from mojentic_nb.gateways.wire import LARGEST_BYTES, is_object, preview, record, said
from mojentic_nb.request import ChatRequest

__all__ = ["Decoder", "SSEDecoder"]


# What reading a record raises when a server puts another kind of value where the
# protocol has an object, a list or a text.
_MISSHAPEN = (AttributeError, TypeError, KeyError, IndexError, ValueError)

# Blanks that may come first, among them the mark of UTF-8 that SSE allows there.
_BLANK = b" \t\r\n\xef\xbb\xbf"

# A first record that is longer is read at the end, with the whole.
_UNDECIDED_BYTES = 64_000

# Errors that come in a stream have no status of their own: by the provider's words, the
# one they would have had. Sources: the error tables of Anthropic, OpenAI and OpenRouter.
_STATUS_OF_WORDS = {
    "authentication_error": 401,
    "invalid_api_key": 401,
    "invalid_request_error": 400,
    "invalid_prompt": 400,
    "insufficient_quota": 429,
    "model_not_found": 404,
    "not_found_error": 404,
    "overloaded_error": 529,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "request_too_large": 413,
}


class Decoder(ABC):
    """Reads one answer; records are lines of JSON unless a subclass says otherwise.

    Whether records come or one whole object is read from the bytes themselves, since
    servers name either by any content type.

    Attributes:
        is_done: The answer is complete.
        is_over: Nothing more can follow: its end mark was read, or an error for `finish`.
        has_begun: Something of the answer has been told.
        response_id: As the `Answer`'s, and so is `durations`.
    """

    usage = Usage()  # until the server speaks of tokens
    response_id = ""
    durations: tuple[tuple[str, float], ...] = ()

    def __init__(self, request: ChatRequest, gateway: str) -> None:
        self.request = request
        self.gateway = gateway
        self.is_done = self.is_over = False
        self.model = request.model
        self.finish_reason = ""
        self.texts: list[str] = []
        self.thoughts: list[str] = []
        self.calls = ToolCallParts()
        self.logprobs: list[Any] = []
        self._rest = b""
        self._problem: GatewayError | None = None
        self._whole: list[bytes] | None = []
        self._size = 0
        self._is_undecided = True

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes as they come, tell what they mean.

        Raises:
            GatewayError: A record is malformed, or is the server's own error. What came
                before it in these bytes is told first, and `finish` raises it then.
        """
        if self._whole is not None:
            return self._feed_whole(data)

        # Bytes arrive torn anywhere; a line is read when its end has come. CR LF is the
        # same: JSON allows the CR as a blank.
        lines = self._after_rest(data).split(b"\n") if self._rest else data.split(b"\n")
        self._rest = lines.pop()
        events: list[Event] = []
        try:
            for line in lines:
                if line:  # every second one of an event stream is not
                    self.take_line(line, events)
        except GatewayError as problem:
            if not events:
                raise
            self._problem, self.is_over = problem, True

        return events

    def _after_rest(self, data: bytes) -> bytes:
        if len(self._rest) > LARGEST_BYTES:
            raise self._garbled(self._rest)

        return self._rest + data

    def _feed_whole(self, data: bytes) -> list[Event]:
        """Collect; until it is clear what is coming, or to the end."""
        assert self._whole is not None
        self._whole.append(data)
        self._size += len(data)
        if self._size > LARGEST_BYTES:
            raise self._garbled(b"".join(self._whole[:2]))

        if not self._is_undecided:
            return []

        begun = b"".join(self._whole).lstrip(_BLANK)
        found = self.comes_in_lines(begun) if begun else None
        self._is_undecided = found is None and self._size < _UNDECIDED_BYTES
        if not found:
            return []

        self._whole = None
        return self.feed(begun)

    def comes_in_lines(self, begun: bytes) -> bool | None:
        """Whether an answer that begins so comes in records; `None` if it is too early."""
        # A whole answer is one line too, mostly; only its end tells it from a record.
        if not self.request.stream or begun[:1] != b"{":
            return False

        first, end, _ = begun.partition(b"\n")
        return is_object(first) if end else None

    def finish(self) -> Iterator[Event]:
        """The bytes have ended: give what they still tell.

        Raises:
            GatewayError: The answer is not complete.
        """
        if self._problem is not None:
            raise self._problem

        events: list[Event] = []
        if self._whole is not None:
            self._finish_whole(b"".join(self._whole).lstrip(_BLANK), events)
        elif self._rest:
            with suppress(GatewayGarbled):  # cut in mid-record, as is said below
                self.take_line(self._rest, events)

        yield from events
        if not self.is_done:
            raise self._torn()

    def _finish_whole(self, body: bytes, events: list[Event]) -> None:
        try:
            found = from_json(body)
        except ValueError:
            return self._finish_lines(body, events)

        if type(found) is not dict:
            raise self._garbled(body)

        self.refuse_error(found)
        try:
            self.take_whole(found, events)
        except _MISSHAPEN:
            raise self._garbled(body) from None

    def _finish_lines(self, body: bytes, events: list[Event]) -> None:
        """Records after all: this server streams whether asked to or not. Or nothing whole."""
        first, *others = body.rstrip().split(b"\n")
        if others and is_object(first):
            for line in (first, *others):
                self.take_line(line, events)
            return

        is_start_of_field = self.comes_in_lines(body) is None and body[:1] != b"{"
        if not body or is_start_of_field or _is_cut(body):
            raise self._torn()

        record(body, self.gateway)  # says in which way it is none

    def take_line(self, line: bytes, events: list[Event]) -> None:
        """Read one line of a stream."""
        try:
            found = from_json(line, cache_strings="keys")
        except ValueError:
            self._refuse_unless_blank(line)
            return

        try:
            if "error" in found:
                self.refuse_error(found)
            self.take(found, events)
        except _MISSHAPEN:
            raise self._garbled(line) from None

    def _refuse_unless_blank(self, line: bytes) -> None:
        if line.strip():
            raise self._garbled(line)

    @abstractmethod
    def take(self, found: dict[str, Any], events: list[Event]) -> None:
        """Read one record of a stream."""

    @abstractmethod
    def take_whole(self, found: dict[str, Any], events: list[Event]) -> None:
        """Read an answer that came in one piece, and whether it says it is complete."""

    def say(self, text: str, events: list[Event]) -> None:
        """Take a piece of the answer's text."""
        if type(text) is not str:
            raise TypeError("no text")

        self.texts.append(text)
        events.append(TextDelta(text))

    def think(self, text: str, events: list[Event]) -> None:
        """Take a piece of reasoning."""
        if type(text) is not str:
            raise TypeError("no text")

        self.thoughts.append(text)
        events.append(ThinkingDelta(text))

    def call(self, index: int, name: str, arguments: str, events: list[Event]) -> None:
        """Tell a piece of a tool call."""
        events.append(ToolCallDelta(index, name, arguments))

    @property
    def has_begun(self) -> bool:
        """Something of the answer has been told."""
        return bool(self.texts or self.thoughts or self.calls)

    def refuse_error(self, found: dict[str, Any]) -> None:
        """Raise what a record says went wrong, if it says so.

        Raises:
            GatewayFault: The record is an error.
        """
        problem = found.get("error")
        if not problem:
            return

        status = status_of(problem) if isinstance(problem, dict) else None
        kind = GatewayFault if status is None else kind_of_status(status)
        told = f"{self.gateway} failed: {said(problem)}"
        raise kind(told, gateway=self.gateway, status=status)

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Texts of further answers, where several were asked for."""
        return ()

    @property
    def provider_state(self) -> Any:
        """What the provider wants back with this answer; mostly nothing."""
        return None

    def answer(self, asked_at: float, first_at: float | None, answered_at: float) -> Answer:
        """What it all came to."""
        calls = self.calls.finished(self.request.calls_so_far) if self.calls else ()
        reason = self.finish_reason or "stop"
        return Answer(
            text="".join(self.texts),
            thinking="".join(self.thoughts),
            tool_calls=calls,
            # Some servers end a tool stream with "stop"; the calls are what counts.
            finish_reason="tool_calls" if calls and reason == "stop" else reason,
            model=self.model,
            usage=self.usage,
            logprobs=tuple(self.logprobs),
            alternatives=self.alternatives,
            provider_state=self.provider_state,
            response_id=self.response_id,
            chunks=len(self.texts) + len(self.thoughts),
            durations=self.durations,
            asked_at=asked_at,
            first_at=first_at,
            answered_at=answered_at,
        )

    def failed(self, error: GatewayError) -> None:
        """Write onto an error what had come before it."""
        error.partial = "".join(self.texts)
        error.thinking = "".join(self.thoughts)
        error.has_begun = self.has_begun

    def _garbled(self, data: bytes) -> GatewayGarbled:
        return GatewayGarbled(
            f"{self.gateway} sent a record that cannot be read: {preview(data)}",
            hint="The text received before it is in the error's .partial.",
            gateway=self.gateway,
        )

    def _torn(self) -> GatewayTorn:
        received = sum(map(len, self.texts))
        told = f"after {received} characters" if received else "before its first word"
        return GatewayTorn(
            f"The answer from {self.gateway} broke off {told}, without its end mark.",
            hint="Ask again; what came is in the error's .partial.",
            gateway=self.gateway,
        )


# What a line of server-sent events begins with; the last one is a comment.
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")


class SSEDecoder(Decoder):
    """Records are the `data:` lines of server-sent events."""

    def comes_in_lines(self, begun: bytes) -> bool | None:
        """Whether an answer that begins so comes in events; `None` if it is too early."""
        if begun[:1] == b"{":
            return False

        if begun.startswith(_FIELDS):
            return True

        return None if any(field.startswith(begun) for field in _FIELDS) else False

    def take_line(self, line: bytes, events: list[Event]) -> None:
        """Read one line; comments, event names and blank lines mean nothing here."""
        if line[:5] != b"data:":
            self._refuse_stray(line)
            return

        try:
            found = from_json(line[5:], cache_strings="keys")
        except ValueError:
            if line[5:].strip() == b"[DONE]":
                self.is_done = self.is_over = True
                return
            self._refuse_unless_blank(line[5:])
            return

        try:
            if "error" in found:
                self.refuse_error(found)
            self.take(found, events)
        except _MISSHAPEN:
            raise self._garbled(line) from None

    def _refuse_stray(self, line: bytes) -> None:
        # Some servers put an error as bare JSON into the stream, and a proxy's page
        # comes with any content type; SSE's own field names are all that may pass.
        if line[:1] in (b"{", b"<"):
            self.refuse_error(record(line, self.gateway))
            raise self._garbled(line)


def _is_cut(body: bytes) -> bool:
    """Whether this is JSON that only lacks its end."""
    try:
        from_json(body)
    except ValueError:
        pass
    else:
        return False

    try:
        return isinstance(from_json(body, allow_partial="trailing-strings"), dict)
    except ValueError:
        return False


def status_of(problem: dict[str, Any]) -> int | None:
    """The HTTP status that an error told in a stream would have had, if its words say so."""
    for word in (problem.get("code"), problem.get("type")):
        if isinstance(word, int) and 400 <= word < 600:
            return word
        if isinstance(word, str) and word in _STATUS_OF_WORDS:
            return _STATUS_OF_WORDS[word]

    return None


def count(value: Any) -> int | None:
    """A number of tokens, if that is what a server put there."""
    return value if type(value) is int else None
