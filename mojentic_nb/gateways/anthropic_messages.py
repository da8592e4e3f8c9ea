"""A conversation as Anthropic orders it: turns of blocks, and marks for the prompt cache.

Law: pure; the caller's messages are only read. What a model said while it thought goes
back word for word within the turn: signatures do not bear a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.bodies import inlined
from mojentic_nb.media import DocumentPart, Part
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole

__all__ = ["STATE", "conversation", "system_text", "with_cache_marks"]

Block = dict[str, Any]

# Under which name a message's provider_state holds what Anthropic said, block by block.
STATE = "anthropic"

THOUGHTS = ("thinking", "redacted_thinking")


def system_text(messages: Sequence[LLMMessage]) -> str:
    """What all system messages say."""
    told = [message for message in messages if message.role is MessageRole.System]
    if any(message.parts for message in told):
        raise BadArgument(
            "Anthropic takes no images or documents in a system message.",
            hint="Put them into a user's message.",
        )

    return "\n\n".join(message.content for message in told if message.content)


def conversation(
    messages: Sequence[LLMMessage], *, retain: bool = False, is_claude: bool = True
) -> list[Block]:
    """Messages as turns: results of one round share one user turn.

    Args:
        messages: All of them; system messages are left out.
        retain: Give the thoughts of earlier turns back too.
        is_claude: The model is Anthropic's own; other servers pass over documents.

    Raises:
        BadArgument: A part cannot stand where it is.
    """
    asked = max((at for at, one in enumerate(messages) if one.role is MessageRole.User), default=-1)
    turns: list[Block] = []
    for at, message in enumerate(messages):
        if message.role is MessageRole.System:
            continue

        role = "assistant" if message.role is MessageRole.Assistant else "user"
        if role == "assistant":
            blocks = _said(message, thoughts=retain or at > asked, is_claude=is_claude)
        else:
            blocks = _told(message, is_claude=is_claude)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(blocks)
        elif blocks:
            turns.append({"role": role, "content": blocks})

    return turns


def _told(message: LLMMessage, *, is_claude: bool) -> list[Block]:
    """What a user or a tool says."""
    parts = [_part(part, is_claude=is_claude) for part in message.parts]
    if message.role is not MessageRole.Tool or not message.tool_calls:
        return [*parts, *_text(message.content)]

    result: Block = {
        "type": "tool_result",
        "tool_use_id": message.tool_calls[0].id,
        "content": [*_text(message.content), *parts] if parts else message.content or "",
    }
    return [{**result, "is_error": True} if message.is_error else result]


def _text(text: str | None) -> list[Block]:
    # An empty text block is refused.
    return [{"type": "text", "text": text}] if text and text.strip() else []


def _part(part: Part, *, is_claude: bool) -> Block:
    if isinstance(part, DocumentPart):
        return _document(part, is_claude=is_claude)
    if part.data:
        source = {"type": "base64", "media_type": part.media_type, "data": part.data}
        return {"type": "image", "source": source}

    return {"type": "image", "source": {"type": "url", "url": part.url}}


def _document(part: DocumentPart, *, is_claude: bool) -> Block:
    if not is_claude:
        # llama.cpp passes over document blocks without a word.
        return {"type": "text", "text": inlined(part, whose="this server")}

    if part.data:
        source = {"type": "base64", "media_type": part.media_type, "data": part.data}
    else:
        # The one kind of text there is; the name tells which it really is.
        source = {"type": "text", "media_type": "text/plain", "data": part.text}

    title = {"title": part.name} if part.name else {}
    return {"type": "document", "source": source, **title}


def _said(message: LLMMessage, *, thoughts: bool, is_claude: bool) -> list[Block]:
    """What the model said, as it said it where that is known."""
    if message.parts:
        raise BadArgument(
            "Anthropic takes no images or documents in an assistant's message.",
            hint="Put them into a user's message.",
        )

    rebuilt = [*_text(message.content), *map(_use, message.tool_calls or ())]
    state = (message.provider_state or {}).get(STATE)
    if not state:
        # Other servers of this protocol do not sign, and take thoughts as they are.
        is_taken = thoughts and message.thinking and not is_claude
        thought = {"type": "thinking", "thinking": message.thinking, "signature": ""}
        return [thought, *rebuilt] if is_taken else rebuilt

    said: list[Block] = state["content"]
    kept = [block for block in said if thoughts or block["type"] not in THOUGHTS]
    if _is_still_so(said, message):
        return kept

    return [*(block for block in kept if block["type"] in THOUGHTS), *rebuilt]


def _is_still_so(said: list[Block], message: LLMMessage) -> bool:
    """Whether nobody has changed the message since: a policy may have redacted it."""
    text = "".join(block["text"] for block in said if block["type"] == "text")
    calls = [_use(call) for call in message.tool_calls or ()]
    return text == (message.content or "") and calls == [
        block for block in said if block["type"] == "tool_use"
    ]


def _use(call: LLMToolCall) -> Block:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}


def with_cache_marks(body: dict[str, Any]) -> dict[str, Any]:
    """Mark the ends of tools, system message and conversation for the prompt cache.

    Three of the four marks that Anthropic allows: each caches all that stands before it.
    """
    marked = dict(body)
    if body.get("tools"):
        marked["tools"] = _last_marked(body["tools"])
    if body.get("system"):
        marked["system"] = _last_marked([{"type": "text", "text": body["system"]}])

    turns = list(body["messages"])
    at = max((at for at, turn in enumerate(turns) if turn["role"] == "user"), default=None)
    if at is not None:
        turns[at] = {**turns[at], "content": _last_marked(turns[at]["content"])}

    return {**marked, "messages": turns}


def _last_marked(blocks: Sequence[Block]) -> list[Block]:
    *others, last = blocks
    return [*others, {**last, "cache_control": {"type": "ephemeral"}}]
