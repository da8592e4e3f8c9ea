"""How OpenAI's Responses API speaks: events that know their item and their place.

Law: pure, as `speech.py` demands. Thoughts are a summary, and sealed besides where the
request asks for them; a sealed thought that comes back is not opened.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from tests.loopback.answer import Answer, JsonObject, ToolUse, cut_words
from tests.loopback.openai import OpenAISpeech, event, logprob
from tests.loopback.speech import CREATED, Frame

RESPONSE_ID = "resp_loopback"
SEALED = "c2VhbGVkIHRob3VnaHRz"
INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class ResponsesSpeech(OpenAISpeech):
    """OpenAI's newer protocol; pages and refusals are those of the older one."""

    name = "responses"

    def frames(self, answer: Answer, body: JsonObject) -> list[Frame]:
        """Created, each item in pieces, then the whole once more."""
        numbers = itertools.count()
        begun = response(answer, body) | {"status": "in_progress", "output": [], "usage": None}
        frames = [
            Frame(told(numbers, "response.created", response=begun)),
            Frame(told(numbers, "response.in_progress", response=begun)),
        ]
        for place, item in enumerate(items(answer, body)):
            for kind, fields in item_events(item, answer, body):
                numbered = told(numbers, f"response.{kind}", output_index=place, **fields)
                frames.append(Frame(numbered, "chunk" if kind.endswith(".delta") else "frame"))

        whole = response(answer, body)
        return [*frames, Frame(told(numbers, f"response.{whole['status']}", response=whole), "end")]

    def whole(self, answer: Answer, body: JsonObject) -> JsonObject:
        """The response that a stream ends with."""
        return response(answer, body)

    def error_frame(self, message: str) -> Frame:
        """The event that says a stream has failed."""
        fields = {"code": "server_error", "message": message, "param": None}
        return Frame(told(itertools.count(), "error", **fields))

    def malformed_frame(self) -> Frame:
        """An event that breaks off."""
        return Frame(b'data: {"type":"response.output_text.delta","delta":\n\n')


def told(numbers: Iterator[int], kind: str, **fields: Any) -> bytes:
    """One event, named twice as OpenAI does."""
    named = {"type": kind, **fields, "sequence_number": next(numbers)}
    return f"event: {kind}\n".encode() + event(named)


def response(answer: Answer, body: JsonObject) -> JsonObject:
    """The whole response object."""
    tokens_in, tokens_out = answer.usage
    why = INCOMPLETE.get(answer.finish)
    return {
        "id": RESPONSE_ID,
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete" if why else "completed",
        "error": None,
        "incomplete_details": {"reason": why} if why else None,
        "instructions": None,
        "metadata": {},
        "model": body.get("model", ""),
        "output": list(items(answer, body)),
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools", []),
        "top_p": 1.0,
        "usage": {
            "input_tokens": tokens_in,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": tokens_out,
            "output_tokens_details": {"reasoning_tokens": len(cut_words(answer.thinking))},
            "total_tokens": tokens_in + tokens_out,
        },
    }


def items(answer: Answer, body: JsonObject) -> Iterator[JsonObject]:
    """What the answer consists of: thoughts, words, calls."""
    if answer.thinking:
        yield reasoning(answer.thinking, body)
    if answer.said:
        yield message(answer, body)
    for tool in answer.tools:
        yield call(tool)


def reasoning(thinking: str, body: JsonObject) -> JsonObject:
    """Thoughts: a summary to read, and the rest sealed."""
    summary = [{"type": "summary_text", "text": thinking}]
    is_sealed = "reasoning.encrypted_content" in (body.get("include") or [])
    item = {"type": "reasoning", "id": "rs_loopback", "summary": summary}
    return item | ({"encrypted_content": SEALED} if is_sealed else {})


def message(answer: Answer, body: JsonObject) -> JsonObject:
    """The words."""
    text = {
        "type": "output_text",
        "text": answer.said,
        "annotations": [],
        "logprobs": logprobs(answer.text_chunks, body),
    }
    return {
        "type": "message",
        "id": "msg_loopback",
        "status": "completed",
        "role": "assistant",
        "content": [text],
    }


def call(tool: ToolUse) -> JsonObject:
    """A tool call."""
    return {
        "type": "function_call",
        "id": f"fc_{tool.id}",
        "call_id": tool.id,
        "name": tool.name,
        "arguments": tool.argument_text,
        "status": "completed",
    }


def logprobs(words: list[str], body: JsonObject) -> list[JsonObject]:
    """What is told of each word, where it was asked for."""
    wanted = "message.output_text.logprobs" in (body.get("include") or [])
    return [logprob(word, body.get("top_logprobs") or 0) for word in words] if wanted else []


def item_events(
    item: JsonObject, answer: Answer, body: JsonObject
) -> Iterator[tuple[str, JsonObject]]:
    """What is told of one item, without its place."""
    opened = item | {"status": "in_progress"}
    match item["type"]:
        case "message":
            opened["content"] = []
            inner = message_events(item, answer, body)
        case "reasoning":
            opened["summary"] = []
            inner = summary_events(item)
        case _:
            opened["arguments"] = ""
            inner = call_events(item, answer)

    yield "output_item.added", {"item": opened}
    yield from inner
    yield "output_item.done", {"item": item}


def message_events(
    item: JsonObject, answer: Answer, body: JsonObject
) -> Iterator[tuple[str, JsonObject]]:
    """The words, one after the other."""
    where = {"item_id": item["id"], "content_index": 0}
    part = item["content"][0]
    yield "content_part.added", where | {"part": part | {"text": "", "logprobs": []}}
    for word in answer.text_chunks:
        yield "output_text.delta", where | {"delta": word, "logprobs": logprobs([word], body)}

    yield "output_text.done", where | {"text": part["text"], "logprobs": part["logprobs"]}
    yield "content_part.done", where | {"part": part}


def summary_events(item: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """The thoughts, part by part."""
    for number, part in enumerate(item["summary"]):
        where = {"item_id": item["id"], "summary_index": number}
        yield "reasoning_summary_part.added", where | {"part": part | {"text": ""}}
        for word in cut_words(part["text"]):
            yield "reasoning_summary_text.delta", where | {"delta": word}

        yield "reasoning_summary_text.done", where | {"text": part["text"]}
        yield "reasoning_summary_part.done", where | {"part": part}


def call_events(item: JsonObject, answer: Answer) -> Iterator[tuple[str, JsonObject]]:
    """The arguments, in pieces."""
    where = {"item_id": item["id"]}
    tool = ToolUse(item["name"], item["arguments"])
    for piece in tool.argument_fragments(answer.argument_pieces):
        yield "function_call_arguments.delta", where | {"delta": piece}

    yield (
        "function_call_arguments.done",
        where
        | {
            "name": item["name"],
            "arguments": item["arguments"],
        },
    )
