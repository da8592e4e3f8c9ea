"""How OpenAI's chat completions speak: server-sent events without names.

Law: pure, as `speech.py` demands. Thinking goes out as `reasoning_content`,
the word of the compatible servers (DeepSeek, vLLM, llama.cpp); OpenAI itself
never shows it here.
"""

from __future__ import annotations

import base64
import itertools
import struct
from collections.abc import Iterator
from typing import Any

from tests.loopback.answer import Answer, JsonObject, ToolUse, cut_words
from tests.loopback.speech import CREATED, Frame, Page, Shelf, compact, embed, texts_of

COMPLETION_ID = "chatcmpl-loopback"
DONE = Frame(b"data: [DONE]\n\n", "end")

# (type, code) as api.openai.com words them; anything else is the server's fault.
ERROR_WORDS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", None),
    429: ("requests", "rate_limit_exceeded"),
}


class OpenAISpeech:
    """OpenAI's chat completions and everything compatible."""

    name = "openai"
    stream_type = "text/event-stream; charset=utf-8"
    call_prefix = "call_"

    def wants_stream(self, body: JsonObject) -> bool:
        """OpenAI streams when asked to."""
        return body.get("stream") is True

    def fit(self, answer: Answer, body: JsonObject) -> Answer:
        """The script says what comes back, whatever the response format."""
        return answer

    def frames(self, answer: Answer, body: JsonObject) -> list[Frame]:
        """Role, thoughts, words, calls in fragments, finish, usage, [DONE]."""
        told = bool((body.get("stream_options") or {}).get("include_usage"))
        shared = chunk_head(body.get("model", "")) | ({"usage": None} if told else {})
        opening = {"role": "assistant", "content": "", "refusal": None}
        frames = [Frame(event(shared | choice(opening)))]
        for delta in deltas(answer):
            told_of = logprobs([delta["content"]], body) if "content" in delta else None
            frames.append(Frame(event(shared | choice(delta, logprobs=told_of)), "chunk"))
        frames = mixed(
            frames, [Frame(event(shared | one), "chunk") for one in others(answer, body)]
        )
        frames += [Frame(event(shared | choice({}, answer.reason)), "end")]
        if told:
            frames.append(Frame(event(shared | {"choices": [], "usage": usage(answer)}), "end"))

        return [*frames, DONE]

    def whole(self, answer: Answer, body: JsonObject) -> JsonObject:
        """One choice; `content` is null when only tools were called."""
        message: JsonObject = {"role": "assistant", "content": answer.said, "refusal": None}
        if answer.thinking:
            message["reasoning_content"] = answer.thinking

        if answer.tools:
            message["content"] = answer.said or None
            message["tool_calls"] = [call(tool, tool.argument_text) for tool in answer.tools]

        finished = {
            "index": 0,
            "message": message,
            "logprobs": logprobs(answer.text_chunks, body),
            "finish_reason": answer.reason,
        }
        head = chunk_head(body.get("model", "")) | {"object": "chat.completion"}
        further = [
            {"index": place, "message": {"role": "assistant", "content": text}}
            for place, text in wanted(answer, body)
        ]
        # The first one last: places are told, and need not be in order.
        return head | {"choices": [*further, finished], "usage": usage(answer)}

    def error(self, status: int, message: str, code: str | None = None) -> JsonObject:
        """OpenAI's error object."""
        kind, usual_code = ERROR_WORDS.get(status, ("server_error", None))
        return {
            "error": {"message": message, "type": kind, "param": None, "code": code or usual_code}
        }

    def error_frame(self, message: str) -> Frame:
        """An error object where a chunk should be."""
        return Frame(event(self.error(500, message)))

    def malformed_frame(self) -> Frame:
        """An event that breaks off where its choices should stand."""
        return Frame(b'data: {"id":"chatcmpl-loopback","choices":[{"index":0,\n\n')

    def missing(self, model: str) -> Page:
        """As a chat with a model that does not exist or is not yours."""
        message = f"The model `{model}` does not exist or you do not have access to it."
        return Page(404, self.error(404, message, "model_not_found"))

    def page(self, method: str, path: str, body: JsonObject, shelf: Shelf) -> Page | None:
        """Listings and embeddings."""
        match method, path:
            case "GET", "/v1/models":
                listed = [model_entry(model) for model in shelf.models]
                return Page(200, {"object": "list", "data": listed})
            case "POST", "/v1/embeddings":
                return self.embeddings(body)
            case _:
                return None

    def embeddings(self, body: JsonObject) -> Page:
        """One vector per text; the official client asks for base64."""
        model, texts = str(body.get("model", "")), texts_of(body.get("input"))
        if model == "missing":
            return self.missing(model)

        packed = body.get("encoding_format") == "base64"
        entries = [
            {"object": "embedding", "index": index, "embedding": vector(text, packed)}
            for index, text in enumerate(texts)
        ]
        spent = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        return Page(200, {"object": "list", "data": entries, "model": model, "usage": spent})


def event(value: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + compact(value) + b"\n\n"


def chunk_head(model: str) -> JsonObject:
    """What every record carries."""
    return {
        "id": COMPLETION_ID,
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_loopback",
    }


def choice(
    delta: JsonObject, finish: str | None = None, *, logprobs: JsonObject | None = None
) -> JsonObject:
    """The only choice of a chunk."""
    only = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
    return {"choices": [only]}


def wanted(answer: Answer, body: JsonObject) -> list[tuple[int, str]]:
    """The further choices that were asked for, with their places."""
    return list(enumerate(answer.others, 1))[: (body.get("n") or 1) - 1]


def others(answer: Answer, body: JsonObject) -> Iterator[JsonObject]:
    """What the chunks of the further choices add, one choice after the other."""
    for place, text in wanted(answer, body):
        for delta, finish in [
            *(({"content": word}, None) for word in cut_words(text)),
            ({}, "stop"),
        ]:
            only = {"index": place, "delta": delta, "logprobs": None, "finish_reason": finish}
            yield {"choices": [only]}


def mixed(one: list[Frame], other: list[Frame]) -> list[Frame]:
    """Two streams in one, by turns."""
    pairs = itertools.zip_longest(one, other)
    return [frame for pair in pairs for frame in pair if frame is not None]


def logprobs(words: list[str], body: JsonObject) -> JsonObject | None:
    """What is told of each word, where it was asked for."""
    if not body.get("logprobs"):
        return None

    told = [logprob(word, body.get("top_logprobs") or 0) for word in words]
    return {"content": told, "refusal": None}


def logprob(word: str, others: int) -> JsonObject:
    """A word as one token, with made-up probabilities: the first is the likeliest."""

    def entry(text: str, number: int) -> JsonObject:
        return {"token": text, "logprob": -0.5 * (number + 1), "bytes": list(text.encode())}

    top = [entry(f"{word}{number or ''}", number) for number in range(others)]
    return entry(word, 0) | {"top_logprobs": top}


def deltas(answer: Answer) -> Iterator[JsonObject]:
    """What the chunks add, one after the other."""
    for word in cut_words(answer.thinking):
        yield {"reasoning_content": word}

    for word in answer.text_chunks:
        yield {"content": word}

    for index, tool in enumerate(answer.tools):
        yield {"tool_calls": [{"index": index} | call(tool, "")]}
        for fragment in tool.argument_fragments(answer.argument_pieces):
            yield {"tool_calls": [{"index": index, "function": {"arguments": fragment}}]}


def call(tool: ToolUse, arguments: str) -> JsonObject:
    """A tool call; arguments are text, as the model typed them."""
    function = {"name": tool.name, "arguments": arguments}
    return {"id": tool.id, "type": "function", "function": function}


def usage(answer: Answer) -> JsonObject:
    """Tokens in and out, and their sum."""
    tokens_in, tokens_out = answer.usage
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
    }


def vector(text: str, packed: bool) -> list[float] | str:
    """An embedding, as numbers or as base64 of little-endian float32."""
    numbers = list(embed(text))
    if not packed:
        return numbers

    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def model_entry(model: str) -> JsonObject:
    """One line of the listing."""
    return {"id": model, "object": "model", "created": CREATED, "owned_by": "loopback"}
