"""What a test scripts: answers, tool calls and faults.

Law: plain values in our own words. Nothing here knows a protocol, a socket
or a clock; the three speeches translate.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Finish = Literal["stop", "length", "tool_calls", "content_filter"]
JsonObject = dict[str, Any]


class Fault(enum.Enum):
    """One way for an answer to go wrong; `Answer.fault_after` says when."""

    TORN = "the connection closes in mid-frame"
    TRUNCATED = "HTTP ends properly, but the answer has no final marker"
    EMPTY = "200 with an empty body"
    MALFORMED = "one frame in mid-stream is not JSON"
    HTML = "200 with a web page, as a proxy or a captive portal sends"
    SILENT = "headers and some chunks, then nothing until the client goes"
    SILENT_BEFORE_HEADERS = "nothing at all until the client goes"
    ERROR_FRAME = "the provider's own error object in mid-stream"
    NO_DONE = "OpenAI: finish_reason arrives, [DONE] does not"
    REFUSED_RESET = "the connection is reset before any byte of an answer"


@dataclass(frozen=True)
class ToolUse:
    """One tool call in an answer.

    A `str` for `arguments` is sent as it is, broken JSON included. Without an
    `id` the server numbers the call; Ollama calls carry an id only if given.
    """

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str | None = None

    @property
    def argument_text(self) -> str:
        """The arguments as the model would have typed them."""
        if isinstance(self.arguments, str):
            return self.arguments

        return json.dumps(self.arguments, ensure_ascii=False)

    @property
    def argument_value(self) -> Any:
        """The arguments as a JSON value; broken text stays a string."""
        if not isinstance(self.arguments, str):
            return dict(self.arguments)

        try:
            return json.loads(self.arguments)
        except ValueError:
            return self.arguments

    def argument_fragments(self, pieces: int) -> list[str]:
        """The argument text in at most `pieces` parts, none of them empty."""
        text = self.argument_text
        size = max(1, -(-len(text) // max(1, pieces)))
        return [text[start : start + size] for start in range(0, len(text), size)]


@dataclass(frozen=True)
class Answer:
    """What the next chat request is told, and how the bytes travel.

    With a `status` of 400 and above, `text` is the error's message and the
    body is the protocol's own error object.

    Attributes:
        finish: Our word; each protocol gets its own. Tools make it tool_calls.
        usage: Tokens in, tokens out.
        pace: Seconds between two chunks.
        chunks: How the text is cut; by default one word each.
        delay: Seconds before the headers.
        reject_models: Models that get the protocol's 404 in place of this.
        body: Raw bytes to send in place of everything worded here.
        fault_after: Chunks sent before the fault strikes.
        error_text: What an ERROR_FRAME says.
        newline: The line end of the stream's frames.
        piece: When above 0, the body travels in pieces of that many bytes.
        argument_pieces: Fragments per streamed tool call.
        echo_key: Whether an error's message repeats the key it was sent.
        others: Texts of the further choices, where OpenAI's `n` asks for several.
    """

    text: str = ""
    tools: Sequence[ToolUse] = field(default=(), kw_only=True)
    thinking: str = field(default="", kw_only=True)
    finish: Finish = field(default="stop", kw_only=True)
    usage: tuple[int, int] = field(default=(11, 7), kw_only=True)
    pace: float = field(default=0.0, kw_only=True)
    chunks: Sequence[str] | None = field(default=None, kw_only=True)
    delay: float = field(default=0.0, kw_only=True)
    reject_models: Sequence[str] = field(default=(), kw_only=True)
    status: int = field(default=200, kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    body: bytes | None = field(default=None, kw_only=True)
    content_type: str | None = field(default=None, kw_only=True)
    fault: Fault | None = field(default=None, kw_only=True)
    fault_after: int = field(default=2, kw_only=True)
    error_text: str = field(default="Overloaded", kw_only=True)
    newline: Literal["\n", "\r\n"] = field(default="\n", kw_only=True)
    piece: int = field(default=0, kw_only=True)
    argument_pieces: int = field(default=3, kw_only=True)
    echo_key: bool = field(default=False, kw_only=True)
    others: Sequence[str] = field(default=(), kw_only=True)

    @classmethod
    def error(
        cls,
        status: int,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        echo_key: bool = False,
        delay: float = 0.0,
    ) -> Answer:
        """A refusal, worded by whichever protocol is asked."""
        return cls(message, status=status, headers=headers or {}, echo_key=echo_key, delay=delay)

    @property
    def said(self) -> str:
        """The whole text, whether given whole or cut."""
        return self.text if self.chunks is None else "".join(self.chunks)

    @property
    def text_chunks(self) -> list[str]:
        """The text as it streams."""
        return cut_words(self.text) if self.chunks is None else list(self.chunks)

    @property
    def reason(self) -> Finish:
        """Why the answer ended, in our word."""
        return "tool_calls" if self.tools and self.finish == "stop" else self.finish


def cut_words(text: str) -> list[str]:
    """Cut before each word, so that every space stays with the word it follows."""
    return re.findall(r"\S+\s*|\s+", text)
