"""How Anthropic's messages speak: server-sent events with names.

Law: pure, as `speech.py` demands. A message is blocks; each block is opened,
filled by deltas and closed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.loopback.answer import Answer, JsonObject, ToolUse, cut_words
from tests.loopback.speech import CREATED_TEXT, Frame, Page, Shelf, compact

MESSAGE_ID = "msg_loopback"
REQUEST_ID = "req_loopback"
SIGNATURE = "c2lnbmVkIGJ5IGxvb3BiYWNr"

STOP_WORDS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
ERROR_WORDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class AnthropicSpeech:
    """Anthropic's messages API."""

    name = "anthropic"
    stream_type = "text/event-stream; charset=utf-8"
    call_prefix = "toolu_"

    def wants_stream(self, body: JsonObject) -> bool:
        """Anthropic streams when asked to."""
        return body.get("stream") is True

    def fit(self, answer: Answer, body: JsonObject) -> Answer:
        """JSON text becomes the tool call that the request forces.

        So one script serves three protocols when a schema is asked for:
        Ollama and OpenAI put the object into the text.
        """
        name = forced_tool(body)
        if not name or answer.tools or not is_object(answer.said):
            return answer

        return replace(answer, text="", chunks=None, tools=(ToolUse(name, answer.said),))

    def frames(self, answer: Answer, body: JsonObject) -> list[Frame]:
        """Start, ping, the blocks, then the reason and the totals."""
        tokens_in, tokens_out = answer.usage
        empty = message([], None, {"input_tokens": tokens_in, "output_tokens": 1}, body)
        ended = {"stop_reason": STOP_WORDS[answer.reason], "stop_sequence": None}
        return [
            Frame(event("message_start", message=empty)),
            Frame(event("ping")),
            *block_frames(answer),
            Frame(event("message_delta", delta=ended, usage={"output_tokens": tokens_out}), "end"),
            Frame(event("message_stop"), "end"),
        ]

    def whole(self, answer: Answer, body: JsonObject) -> JsonObject:
        """All blocks, filled."""
        tokens_in, tokens_out = answer.usage
        usage = {"input_tokens": tokens_in, "output_tokens": tokens_out}
        return message(list(blocks(answer)), STOP_WORDS[answer.reason], usage, body)

    def error(self, status: int, message: str, code: str | None = None) -> JsonObject:
        """Anthropic's error object."""
        kind = code or ERROR_WORDS.get(status, "api_error")
        error = {"type": kind, "message": message}
        return {"type": "error", "error": error, "request_id": REQUEST_ID}

    def error_frame(self, message: str) -> Frame:
        """An event named error, most often because the service is overloaded."""
        return Frame(event("error", **self.error(529, message)))

    def malformed_frame(self) -> Frame:
        """An event that breaks off where its delta should stand."""
        return Frame(
            b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{\n\n'
        )

    def missing(self, model: str) -> Page:
        """As a chat with a model that does not exist."""
        return Page(404, self.error(404, f"model: {model}"))

    def page(self, method: str, path: str, body: JsonObject, shelf: Shelf) -> Page | None:
        """The listing and the counting of tokens; Anthropic embeds nothing."""
        if (method, path) == ("POST", "/v1/messages/count_tokens"):
            return Page(200, {"input_tokens": len(compact(body).split(b" "))})

        if (method, path) != ("GET", "/v1/models"):
            return None

        ends = {"first_id": shelf.models[0], "last_id": shelf.models[-1]} if shelf.models else {}
        listed = [model_entry(model) for model in shelf.models]
        return Page(200, {"data": listed, "has_more": False} | ends)


def cache_marks(given: Any) -> int:
    """How many marks for the prompt cache a request has."""
    if isinstance(given, dict):
        return ("cache_control" in given) + sum(map(cache_marks, given.values()))

    return sum(map(cache_marks, given)) if isinstance(given, list) else 0


def event(type: str, /, **fields: Any) -> bytes:
    """One named server-sent event; the name is repeated inside."""
    return b"event: %b\ndata: %b\n\n" % (type.encode(), compact({"type": type} | fields))


def message(content: list[JsonObject], stop: str | None, usage: Any, body: Any) -> JsonObject:
    """A message, empty at the start of a stream or filled."""
    written, read = (5, 3) if cache_marks(body) else (0, 0)
    cached = {"cache_creation_input_tokens": written, "cache_read_input_tokens": read}
    return {
        "id": MESSAGE_ID,
        "type": "message",
        "role": "assistant",
        "model": body.get("model", ""),
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": cached | usage | {"service_tier": "standard"},
    }


def blocks(answer: Answer) -> Iterator[JsonObject]:
    """The filled blocks: thinking, then text, then one per tool call."""
    if answer.thinking:
        yield {"type": "thinking", "thinking": answer.thinking, "signature": SIGNATURE}

    if answer.said:
        yield {"type": "text", "text": answer.said}

    for tool in answer.tools:
        yield call(tool) | {"input": tool.argument_value}


def block_frames(answer: Answer) -> Iterator[Frame]:
    """Open, fill and close each block, under its index."""
    for index, (opened, deltas) in enumerate(filled(answer)):
        yield Frame(event("content_block_start", index=index, content_block=opened))
        for delta in deltas:
            yield Frame(event("content_block_delta", index=index, delta=delta), "chunk")

        yield Frame(event("content_block_stop", index=index))


def filled(answer: Answer) -> Iterator[tuple[JsonObject, list[JsonObject]]]:
    """Each block as it opens, with the deltas that fill it."""
    if answer.thinking:
        thoughts = [delta("thinking", thinking=word) for word in cut_words(answer.thinking)]
        signed = [*thoughts, delta("signature", signature=SIGNATURE)]
        yield {"type": "thinking", "thinking": "", "signature": ""}, signed

    if answer.said:
        words = [delta("text", text=word) for word in answer.text_chunks]
        yield {"type": "text", "text": ""}, words

    for tool in answer.tools:
        # The API opens with an empty fragment; a tool without arguments gets no other.
        fragments = ["", *tool.argument_fragments(answer.argument_pieces)]
        typed = [delta("input_json", partial_json=fragment) for fragment in fragments]
        yield call(tool) | {"input": {}}, typed


def delta(kind: str, **added: str) -> JsonObject:
    """What one event adds to its block."""
    return {"type": f"{kind}_delta"} | added


def call(tool: ToolUse) -> JsonObject:
    """A tool call without its input."""
    return {"type": "tool_use", "id": tool.id, "name": tool.name}


def forced_tool(body: JsonObject) -> str | None:
    """The tool that this request leaves the model no choice but to call."""
    choice = body.get("tool_choice") or {}
    if choice.get("type") == "tool":
        return str(choice["name"])

    tools = body.get("tools") or []
    return str(tools[-1]["name"]) if tools and choice.get("type") == "any" else None


def is_object(text: str) -> bool:
    """Whether the text is a JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def model_entry(model: str) -> JsonObject:
    """One line of the listing."""
    return {
        "type": "model",
        "id": model,
        "display_name": model,
        "created_at": CREATED_TEXT,
        "lifecycle": "active",
    }
