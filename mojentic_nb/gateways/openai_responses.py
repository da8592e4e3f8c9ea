"""OpenAI's Responses API: what is sent, and what the events of an answer mean.

Nothing is stored at OpenAI (`store: false`). A reasoning model's thoughts come sealed
and go back with the conversation while tools are being called, or always where
`retain_reasoning` asks for it; other servers get them back in the open.

Source: OpenAI's API reference, "Responses" and "Streaming events"; llama.cpp's server
speaks a part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import to_json

from mojentic_nb.catalogue import ModelCard
from mojentic_nb.config import CompletionConfig, ReasoningEffort
from mojentic_nb.gateways.bodies import chosen_tool, refuse_settings, with_extra
from mojentic_nb.gateways.openai_parts import input_of, plain_content
from mojentic_nb.gateways.openai_strict import strict_parameters
from mojentic_nb.gateways.openai_terms import effort_word
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.request import ChatRequest, ToolSpec
from mojentic_nb.schema import strict

__all__ = ["responses_body"]

Item = dict[str, Any]

# Settings that chat completions have and the Responses API has not.
ABSENT = ("stop", "seed", "presence_penalty", "frequency_penalty", "n")


def responses_body(request: ChatRequest, *, card: ModelCard | None, gateway: str) -> dict[str, Any]:
    """The body of /responses.

    Args:
        request: What is asked.
        card: What is known of the model; `None` at another server than OpenAI's.
        gateway: Whose sealed thoughts may go back.

    Raises:
        BadArgument: Something asked for is not to be had there.
    """
    hint = 'Leave it out, or use OpenAIGateway(api="chat") where the model can.'
    refuse_settings(request, ABSENT, whose="OpenAI's Responses API", hint=hint)
    body: dict[str, Any] = {
        "model": request.model,
        "input": list(_items(request, gateway, is_another=card is None)),
        "stream": request.stream and (card is None or card.may("streaming")),
        "store": False,
    }
    body.update(_tools(request, is_exact=card is not None))
    body.update(_form(request, is_another=card is None))
    body.update(_options(request.config, card))
    return with_extra(body, request.config.extra)


def _items(request: ChatRequest, gateway: str, *, is_another: bool) -> Iterator[Item]:
    messages, retains = request.messages, request.config.retain_reasoning
    last_user = max(
        (n for n, one in enumerate(messages) if one.role is MessageRole.User), default=-1
    )
    for place, message in enumerate(messages):
        gives_back = retains or place > last_user
        sealed = sealed_items(message, request.model, gateway) if gives_back else None
        if retains and is_another and not sealed and message.role is MessageRole.Assistant:
            yield from _thoughts(message.thinking, place)
        yield from sealed or message_items(message)


def _thoughts(thinking: str | None, place: int) -> Iterator[Item]:
    """Thoughts in the open, as other servers have them: OpenAI takes its own only, sealed."""
    if thinking:
        content = [{"type": "reasoning_text", "text": thinking}]
        yield {"type": "reasoning", "id": f"rs_{place}", "summary": [], "content": content}


def sealed_items(message: LLMMessage, model: str, gateway: str) -> list[Item] | None:
    """An assistant's message as its model gave it, thoughts sealed; `None` where it did not.

    Another model could not open them.
    """
    state = (message.provider_state or {}).get(gateway) or {}
    return list(state["items"]) if state.get("model") == model else None


def message_items(message: LLMMessage) -> Iterator[Item]:
    """One message as the items that the Responses API makes of it.

    Raises:
        BadArgument: It holds something that its role cannot.
    """
    calls = message.tool_calls or []
    if message.role is MessageRole.Tool:
        # Its result may hold images, which no other protocol of OpenAI's can say.
        output = input_of(message) if message.parts else message.content or ""
        call_id = calls[0].id if calls else None
        yield {"type": "function_call_output", "call_id": call_id, "output": output}
        return

    is_user = message.role is MessageRole.User
    content = input_of(message) if is_user else plain_content(message)
    if content or not calls:
        yield {"type": "message", "role": message.role.value, "content": content}
    yield from map(_call_item, calls)


def _call_item(call: LLMToolCall) -> Item:
    arguments = to_json(call.arguments).decode()
    return {
        "type": "function_call",
        "call_id": call.id,
        "name": call.name,
        "arguments": arguments,
    }


def _tools(request: ChatRequest, *, is_exact: bool) -> dict[str, Any]:
    choice = chosen_tool(request)
    if not request.tools or request.is_last:
        return {}

    tools = [_tool(spec, is_exact=is_exact) for spec in request.tools]
    if choice is None:
        return {"tools": tools}

    is_word = choice in ("auto", "none", "required")
    chosen = choice if is_word else {"type": "function", "name": choice}
    return {"tools": tools, "tool_choice": chosen}


def _tool(spec: ToolSpec, *, is_exact: bool) -> Item:
    exact = strict_parameters(spec.parameters) if is_exact else None
    # Said either way: here a tool is strict unless it says that it is not.
    return {
        "type": "function",
        "name": spec.name,
        "description": spec.description,
        "parameters": spec.parameters if exact is None else exact,
        "strict": exact is not None,
    }


def _form(request: ChatRequest, *, is_another: bool) -> dict[str, Any]:
    if request.schema is None:
        form: dict[str, Any] = {"type": "json_object"}
        return {"text": {"format": form}} if request.is_json else {}

    exact = strict(request.schema)
    said = {
        "name": request.schema_name,
        "schema": exact or request.schema,
        "strict": exact is not None,
    }
    body = {"text": {"format": {"type": "json_schema", **said}}}
    # llama.cpp reads the words of chat completions here too, and not yet these.
    older = {"response_format": {"type": "json_schema", "json_schema": said}}
    return {**body, **older} if is_another else body


def _options(config: CompletionConfig, card: ModelCard | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        "temperature": config.temperature,
        "top_p": config.top_p,
        "max_output_tokens": config.max_tokens,
        "top_logprobs": config.logprobs,
        "include": list(_included(config, card)) or None,
        "reasoning": _reasoning(config, card),
    }
    return {name: value for name, value in options.items() if value is not None}


def _included(config: CompletionConfig, card: ModelCard | None) -> Iterator[str]:
    # A model that does not think has nothing to seal, and says so with an error.
    asks_for_thoughts = config.retain_reasoning or config.reasoning_effort is not None
    if card is not None and (card.kind == "reasoning" or asks_for_thoughts):
        yield "reasoning.encrypted_content"
    if config.logprobs is not None:
        yield "message.output_text.logprobs"


def _reasoning(config: CompletionConfig, card: ModelCard | None) -> Mapping[str, str] | None:
    effort = config.reasoning_effort
    if card is not None:
        word = effort_word(effort, card)
    else:
        word = "none" if effort is ReasoningEffort.Disabled else effort and effort.value
        word = "medium" if effort is ReasoningEffort.Enabled else word

    return None if word is None else {"effort": word}
