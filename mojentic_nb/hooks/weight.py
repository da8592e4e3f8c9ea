"""About how many tokens a request or a text is, cheaply.

Law: pure, and never far too low. A policy looks at every call, so this measures lengths
and cuts nothing apart; `mojentic_nb.tokens` counts where it matters.
"""

from __future__ import annotations

from pydantic_core import to_json

from mojentic_nb.messages import LLMMessage
from mojentic_nb.request import ChatRequest

__all__ = ["UNSAID_TOKENS", "answer_tokens", "prompt_tokens", "text_tokens", "tokens_of"]

# English prose has 4.2 letters to a token and JSON 3.2 with OpenAI's ranks; the bytes of
# other scripts lie between 2.5 and 5. So both are rather a little too many tokens.
LETTERS_PER_TOKEN = 3.5
BYTES_PER_TOKEN = 3.0

# What frames a message, a call and a tool, as in `mojentic_nb.tokens`.
FRAME_TOKENS = 4
TOOL_TOKENS = 8


# Tokens that an answer may have whose call names no bound: some providers take 100,000
# and more for that.
UNSAID_TOKENS = 16_384


def text_tokens(text: str) -> int:
    """About how many tokens a text is; 0 only for no text."""
    if text.isascii():
        return int(len(text) / LETTERS_PER_TOKEN + 0.999)

    return int(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN + 0.999)


def prompt_tokens(request: ChatRequest) -> int:
    """About how many tokens a request is: texts, calls, tools, schema, images."""
    tokens = FRAME_TOKENS
    for message in request.messages:
        tokens += FRAME_TOKENS + text_tokens(message.content or "")
        if message.thinking or message.tool_calls or message.parts:
            tokens += _further(message)

    for tool in request.tools:
        told = text_tokens(tool.name) + text_tokens(tool.description)
        told += len(to_json(tool.parameters, fallback=str)) // 3
        tokens += TOOL_TOKENS + told

    if request.schema is not None:
        tokens += len(to_json(request.schema, fallback=str)) // 3

    return tokens


def _further(message: LLMMessage) -> int:
    from mojentic_nb.tokens import TokenizerGateway

    tokens = text_tokens(message.thinking or "")
    for call in message.tool_calls or ():
        tokens += TOOL_TOKENS + text_tokens(call.name) + text_tokens(call.malformed or "")
        tokens += len(to_json(call.arguments, fallback=str)) // 3
    if message.parts:
        # Images and documents have their own measure there.
        tokens += TokenizerGateway().count_messages(
            LLMMessage(role=message.role, parts=message.parts)
        )

    return tokens


def answer_tokens(request: ChatRequest, most: int | None) -> int:
    """Tokens that all the answers to a request may have.

    Args:
        request: What is asked, and for how many answers.
        most: What the model can write at most; `None` for unknown.
    """
    config = request.config
    each = config.max_tokens or min(UNSAID_TOKENS, most or UNSAID_TOKENS)
    return each * (config.n or 1)


def tokens_of(request: ChatRequest) -> int:
    """What a call counts in a provider's limit: its prompt, and the answer it allows."""
    answers = request.config.n or 1
    return prompt_tokens(request) + answers * (request.config.max_tokens or 0)
