"""OpenAI's chat completions, as OpenAI and the many compatible servers speak it.

Source: OpenAI's API reference, "Chat Completions", and what llama.cpp, vLLM and
OpenRouter do differently. Compatible servers get only what all of them accept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import SecretStr
from pydantic_core import to_json

from mojentic_nb.events import Event, TextDelta, Usage
from mojentic_nb.gateways.decoder import Decoder, SSEDecoder, count
from mojentic_nb.gateways.gateway import LLMGateway, hidden
from mojentic_nb.gateways.wire import WireRequest
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.request import ChatRequest, ToolSpec
from mojentic_nb.schema import strict

__all__ = ["OpenAIGateway"]


class OpenAIGateway(LLMGateway):
    """OpenAI, or any server that speaks its chat completions.

    Args:
        api_key: The key; by default `OPENAI_API_KEY`. Another server may need none.
        base_url: Its address with the version, such as `http://localhost:8080/v1`;
            by default `OPENAI_BASE_URL`, then OpenAI's own.
        headers: Sent besides our own.
        timeout: `Timeouts`, or the seconds it may be silent.
    """

    name: ClassVar[str] = "openai"
    key_variable: ClassVar[str] = "OPENAI_API_KEY"
    # OPENAI_API_ENDPOINT is the name Mojentic read.
    url_variables: ClassVar[tuple[str, ...]] = ("OPENAI_BASE_URL", "OPENAI_API_ENDPOINT")
    default_url: ClassVar[str] = "https://api.openai.com/v1"
    default_model: ClassVar[str] = "gpt-5.4-mini"

    def __init__(
        self, api_key: str | SecretStr | None = None, base_url: str | None = None, **settings: Any
    ) -> None:
        api_key = hidden(api_key)
        super().__init__(base_url, api_key=api_key, **settings)

    def auth(self, secret: SecretStr) -> Mapping[str, str]:
        """The key as a bearer token."""
        return {"authorization": f"Bearer {secret.get_secret_value()}"}

    def encode(self, request: ChatRequest) -> WireRequest:
        """Write the body of /chat/completions."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [message_body(message) for message in request.messages],
            "stream": request.stream,
        }
        if request.stream:
            body["stream_options"] = {"include_usage": True}
        if request.tools and not request.is_last:
            body["tools"] = [tool_body(spec) for spec in request.tools]
        if request.schema is not None:
            body["response_format"] = _format(request)

        body.update(self._options(request))
        return self.wire(
            "/chat/completions", body, stream=request.stream, timeouts=request.timeouts
        )

    def _options(self, request: ChatRequest) -> dict[str, Any]:
        config = request.config
        # OpenAI's newer models refuse max_tokens; older compatible servers know no other.
        is_another = self.has_own_url
        bound = "max_tokens" if is_another else "max_completion_tokens"
        options = {"temperature": config.temperature, bound: config.max_tokens}
        options["top_p"] = config.top_p
        if is_another:
            options["top_k"] = config.top_k  # OpenAI itself has no top_k and refuses it

        return {name: value for name, value in options.items() if value is not None}

    def decoder(self, request: ChatRequest) -> Decoder:
        """A reader of chat completions."""
        return OpenAIDecoder(request, self.name)

    def models_in(self, found: dict[str, Any]) -> list[str]:
        """Model ids in the server's order."""
        return [str(model["id"]) for model in found.get("data") or () if "id" in model]


def tool_body(spec: ToolSpec) -> dict[str, Any]:
    """One tool as OpenAI describes it."""
    return {
        "type": "function",
        "function": {
            "name": spec.name,
            "description": spec.description,
            "parameters": spec.parameters,
        },
    }


def _format(request: ChatRequest) -> dict[str, Any]:
    assert request.schema is not None
    exact = strict(request.schema)
    return {
        "type": "json_schema",
        "json_schema": {
            "name": request.schema_name,
            "schema": exact or request.schema,
            "strict": exact is not None,
        },
    }


def message_body(message: LLMMessage) -> dict[str, Any]:
    """One message as OpenAI writes it."""
    body: dict[str, Any] = {"role": message.role.value, "content": message.content}
    if message.role is MessageRole.Tool:
        body["tool_call_id"] = message.tool_calls[0].id if message.tool_calls else None
        body["content"] = message.content or ""
    elif message.tool_calls:
        body["tool_calls"] = [_call_body(call) for call in message.tool_calls]
    elif message.content is None:
        body["content"] = ""

    return body


def _call_body(call: LLMToolCall) -> dict[str, Any]:
    # Malformed arguments go back as an empty object: servers parse this field.
    arguments = to_json(call.arguments).decode()
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }


class OpenAIDecoder(SSEDecoder):
    """Reads chunks of a chat completion, or a whole one."""

    def take(self, found: dict[str, Any], events: list[Event]) -> None:
        """Read one chunk."""
        # Once for every token, so its common path is flat: no calls but these.
        if choices := found.get("choices"):
            choice = choices[0]
            if delta := choice.get("delta"):
                if text := delta.get("content"):
                    if type(text) is not str:
                        raise TypeError("no text")
                    self.texts.append(text)
                    events.append(TextDelta(text))
                if not text or len(delta) > 1:
                    self._take_rest(delta, events)
            if reason := choice.get("finish_reason"):
                self._finish(reason, found)

        if usage := found.get("usage"):
            self.usage = usage_in(usage)

    def _take_rest(self, delta: dict[str, Any], events: list[Event]) -> None:
        # llama.cpp, vLLM and DeepSeek say reasoning_content, OpenRouter reasoning.
        if thought := delta.get("reasoning_content") or delta.get("reasoning"):
            self.think(thought, events)
        if refusal := delta.get("refusal"):
            self.say(refusal, events)
        for call in delta.get("tool_calls") or ():
            self._take_call(call, events)

    def _take_call(self, call: dict[str, Any], events: list[Event]) -> None:
        function = call.get("function") or {}
        name = str(function.get("name") or "")
        given = function.get("arguments")
        arguments = given if isinstance(given, str) else "" if given is None else _json(given)
        place = self.calls.place(call.get("index"), str(call.get("id") or ""), name, arguments)
        self.calls.add(place, arguments)
        self.call(place, self.calls.name(place), arguments, events)

    def _finish(self, reason: str, found: dict[str, Any]) -> None:
        self.is_done = True
        self.finish_reason = "tool_calls" if reason == "function_call" else str(reason)
        self.model = str(found.get("model") or self.model)

    def take_whole(self, found: dict[str, Any], events: list[Event]) -> None:
        """Read a completion that came in one piece."""
        choices = found.get("choices")
        if not choices:
            raise self._garbled(to_json(found))

        message = dict(choices[0].get("message") or {})
        calls = message.pop("tool_calls", None) or ()
        if text := message.get("content"):
            self.say(text, events)
        self._take_rest(message, events)
        for index, call in enumerate(calls):
            self._take_call({**call, "index": index}, events)

        self._finish(choices[0].get("finish_reason") or "stop", found)
        self.usage = usage_in(found.get("usage") or {})


def usage_in(found: Mapping[str, Any]) -> Usage:
    """Read OpenAI's count of tokens."""
    read = found.get("prompt_tokens_details") or {}
    written = found.get("completion_tokens_details") or {}
    return Usage(
        input_tokens=count(found.get("prompt_tokens")),
        output_tokens=count(found.get("completion_tokens")),
        cached_tokens=count(read.get("cached_tokens")),
        reasoning_tokens=count(written.get("reasoning_tokens")),
    )


def _json(value: Any) -> str:
    return to_json(value).decode()
