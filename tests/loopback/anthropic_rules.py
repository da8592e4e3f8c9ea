"""What Anthropic refuses, in its own words; for models that are called claude-something.

Law: pure. Only rules that a client of ours could break without noticing: a request that
passes here would pass there, as far as these go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.loopback.answer import JsonObject
from tests.loopback.anthropic import SIGNATURE, cache_marks

# Fields that Anthropic has not and other providers have.
STRANGE = ("seed", "logprobs", "presence_penalty", "frequency_penalty", "response_format")

THOUGHTS = ("thinking", "redacted_thinking")


def refused(body: JsonObject) -> str | None:
    """Why the API would answer 400; None where it would not."""
    return next(complaints(body), None)


def complaints(body: JsonObject) -> Iterator[str]:
    """Everything that is wrong with a request."""
    yield from (f"{name}: Extra inputs are not permitted" for name in STRANGE if name in body)
    if "max_tokens" not in body:
        yield "max_tokens: Field required"

    marks = cache_marks(body)
    if marks > 4:
        yield f"A maximum of 4 blocks with cache_control may be provided. Found {marks}."

    thinking = body.get("thinking") or {}
    if thinking.get("type") in ("enabled", "adaptive"):
        yield from of_thinking(body, thinking)

    yield from of_blocks(body)


def of_thinking(body: JsonObject, thinking: JsonObject) -> Iterator[str]:
    """What does not go together with thinking."""
    if thinking.get("budget_tokens", 0) >= body["max_tokens"]:
        yield "`max_tokens` must be greater than `thinking.budget_tokens`."
    if thinking.get("budget_tokens", 1024) < 1024:
        yield "thinking.budget_tokens: Input should be greater than or equal to 1024"
    if body.get("temperature", 1) != 1:
        yield "`temperature` may only be set to 1 when thinking is enabled."
    if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        yield "Thinking may not be enabled when tool_choice forces tool use."
    if thinking["type"] == "enabled":
        yield from of_last_thoughts(body["messages"])


def of_last_thoughts(messages: list[Any]) -> Iterator[str]:
    """Within a tool loop the model's own thoughts have to come first."""
    said = [message for message in messages if message["role"] == "assistant"]
    told = messages[-1]["content"]
    if not said or isinstance(told, str) or told[0]["type"] != "tool_result":
        return

    first = said[-1]["content"][0]["type"]
    if first not in THOUGHTS:
        yield f"Expected `thinking` or `redacted_thinking`, but found `{first}`."


def of_blocks(body: JsonObject) -> Iterator[str]:
    """Signatures that are not ours, calls without a result, results without a call."""
    open_calls: set[str] = set()
    for message in body["messages"]:
        blocks = message["content"] if isinstance(message["content"], list) else []
        answered = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        if answered != open_calls:
            yield f"`tool_use` ids and `tool_result` blocks differ: {open_calls ^ answered}"

        open_calls = {block["id"] for block in blocks if block["type"] == "tool_use"}
        for block in blocks:
            if block["type"] == "thinking" and block["signature"] != SIGNATURE:
                yield "Invalid `signature` in `thinking` block"
            if block["type"] == "text" and not block["text"].strip():
                yield "text content blocks must contain non-whitespace text"

    if open_calls:
        yield f"`tool_use` ids were found without `tool_result` blocks: {open_calls}"
