"""What /api/chat is sent: one request as Ollama writes it.

Source: Ollama's docs/api.md.
"""

from __future__ import annotations

from typing import Any

from mojentic_nb.config import ReasoningEffort
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.bodies import chosen_tool, inlined, refuse_settings, with_extra
from mojentic_nb.media import DocumentPart, ImagePart, without_query
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.request import ChatRequest, ToolSpec

__all__ = ["chat_body", "message_body"]

# Ollama's word for the longest thinking is "max".
THINK: dict[ReasoningEffort, bool | str] = {
    ReasoningEffort.Disabled: False,
    ReasoningEffort.Enabled: True,
    ReasoningEffort.Low: "low",
    ReasoningEffort.Medium: "medium",
    ReasoningEffort.High: "high",
    ReasoningEffort.XHigh: "max",
}


def chat_body(request: ChatRequest) -> dict[str, Any]:
    """The body of /api/chat.

    Raises:
        BadArgument: Something asked for is not to be had from Ollama.
    """
    config = request.config
    refuse_settings(request, ("n",), whose="Ollama", hint="Ask as often as you want answers.")
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [
            message_body(message, retain=config.retain_reasoning) for message in request.messages
        ],
        "stream": request.stream,
        "options": _options(request),
        "tools": [tool_body(spec) for spec in offered(request)],
        "format": _form(request),
        "keep_alive": config.keep_alive,
        "think": None if config.reasoning_effort is None else THINK[config.reasoning_effort],
        "logprobs": None if config.logprobs is None else True,
        "top_logprobs": config.logprobs or None,
    }
    kept = {name: value for name, value in body.items() if value not in (None, [], {})}
    return with_extra(kept, config.extra)


def offered(request: ChatRequest) -> tuple[ToolSpec, ...]:
    """The tools a model may call now.

    Raises:
        BadArgument: One of them is to be forced, which Ollama cannot.
    """
    choice = chosen_tool(request)
    if choice not in (None, "auto", "none"):
        raise BadArgument(
            f"tool_choice={choice!r}: Ollama cannot make a model call a tool.",
            hint='Offer only the tool you mean, and ask for it in words; or say "auto".',
        )

    return () if request.is_last or choice == "none" else request.tools


def _form(request: ChatRequest) -> Any:
    if request.schema is not None:
        return request.schema or "json"

    return "json" if request.is_json else None


def _options(request: ChatRequest) -> dict[str, Any]:
    config = request.config
    options = {
        "temperature": config.temperature,
        "num_ctx": config.num_ctx,
        "num_predict": config.max_tokens,
        "top_p": config.top_p,
        "top_k": config.top_k,
        "stop": config.stop,
        "seed": config.seed,
        "presence_penalty": config.presence_penalty,
        "frequency_penalty": config.frequency_penalty,
    }
    return {name: value for name, value in options.items() if value is not None}


def tool_body(spec: ToolSpec) -> dict[str, Any]:
    """One tool as Ollama describes it."""
    return {
        "type": "function",
        "function": {
            "name": spec.name,
            "description": spec.description,
            "parameters": spec.parameters,
        },
    }


def message_body(message: LLMMessage, *, retain: bool = False) -> dict[str, Any]:
    """One message as Ollama writes it.

    Args:
        message: What was said.
        retain: Give a model its own thoughts back.

    Raises:
        BadArgument: A part of it cannot be sent to Ollama.
    """
    body: dict[str, Any] = {"role": message.role.value, "content": _content(message)}
    if images := [_image(part) for part in message.parts if isinstance(part, ImagePart)]:
        body["images"] = images
    if retain and message.thinking and message.role is MessageRole.Assistant:
        body["thinking"] = message.thinking
    if message.role is MessageRole.Tool and message.tool_calls:
        body["tool_name"] = message.tool_calls[0].name
        body["tool_call_id"] = message.tool_calls[0].id
    elif message.tool_calls:
        body["tool_calls"] = [_call_body(call) for call in message.tool_calls]

    return body


def _content(message: LLMMessage) -> str:
    documents = [part for part in message.parts if isinstance(part, DocumentPart)]
    texts = [inlined(document, whose="Ollama") for document in documents]
    return "\n".join([*texts, message.content or ""]) if texts else message.content or ""


def _image(part: ImagePart) -> str:
    if not part.data:
        raise BadArgument(
            f"The image at {without_query(part.url)!r} was not fetched: Ollama takes no addresses.",
            hint="Give its path or its bytes.",
        )

    return part.data


def _call_body(call: LLMToolCall) -> dict[str, Any]:
    return {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
