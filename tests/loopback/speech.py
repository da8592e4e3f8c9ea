"""What a protocol must be able to say.

Law: a speech is pure. It turns an Answer and the request's body into frames
or one JSON object, always with a bare newline; pace, faults, line ends and
HTTP are somebody else's. Ids and times are constants, so a stream can be
compared byte for byte and encoded once for a benchmark.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from tests.loopback.answer import Answer, JsonObject

# 2025-09-13T12:26:40Z, the moment at which every answer of this server is made.
CREATED = 1757766400
CREATED_TEXT = "2025-09-13T12:26:40.000000Z"


class Frame(NamedTuple):
    """One record of a stream.

    Only a `chunk` counts for pace and for `fault_after`; an `end` is never
    sent once a fault has struck.
    """

    data: bytes
    part: Literal["frame", "chunk", "end"] = "frame"


class Page(NamedTuple):
    """A whole answer to anything but a chat: status and JSON."""

    status: int
    content: Any


@dataclass
class Shelf:
    """The models that listings show, in the order given, and what their files say."""

    models: list[str] = field(default_factory=lambda: ["llama3.2:latest", "qwen3:8b"])
    capabilities: dict[str, list[str]] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)


class Speech(Protocol):
    """One protocol's way of saying things."""

    @property
    def name(self) -> str:
        """Who speaks so."""

    @property
    def stream_type(self) -> str:
        """The media type of a stream."""

    @property
    def call_prefix(self) -> str | None:
        """How a numbered tool call starts; None leaves calls without an id."""

    def wants_stream(self, body: JsonObject) -> bool:
        """Whether this request asks for a stream."""

    def fit(self, answer: Answer, body: JsonObject) -> Answer:
        """The answer as this request obliges the provider to shape it."""

    def frames(self, answer: Answer, body: JsonObject) -> list[Frame]:
        """The whole stream, first record to last."""

    def whole(self, answer: Answer, body: JsonObject) -> JsonObject:
        """The same answer as one object."""

    def error(self, status: int, message: str, code: str | None = None) -> JsonObject:
        """An error's body."""

    def error_frame(self, message: str) -> Frame:
        """An error told in mid-stream, after the status said 200."""

    def malformed_frame(self) -> Frame:
        """A record that is framed well and is not JSON."""

    def missing(self, model: str) -> Page:
        """The 404 for a model nobody has."""

    def page(self, method: str, path: str, body: JsonObject, shelf: Shelf) -> Page | None:
        """The answer to anything but a chat; None when there is no such page."""


def compact(value: Any) -> bytes:
    """JSON as servers write it, in UTF-8 and not escaped to ASCII."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def texts_of(given: Any) -> list[str]:
    """An embedding request's input, one text or several."""
    return [given] if isinstance(given, str) else [str(text) for text in given or []]


def embed(text: str) -> Sequence[float]:
    """Eight numbers between -1 and 1 that depend only on the text."""
    digest = hashlib.sha256(text.encode()).digest()[:8]
    return [byte / 127.5 - 1.0 for byte in digest]
