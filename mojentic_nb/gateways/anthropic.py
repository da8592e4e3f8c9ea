"""Anthropic's messages.

Source: Anthropic's API reference, "Messages" and "Streaming". A schema is asked for
as one forced tool, which every model and every compatible server understands; what
comes back as that tool's input is the answer's text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import SecretStr
from pydantic_core import to_json

from mojentic_nb.events import Event, TextDelta, Usage
from mojentic_nb.gateways.decoder import Decoder, SSEDecoder, count
from mojentic_nb.gateways.gateway import LLMGateway, hidden
from mojentic_nb.gateways.wire import WireRequest
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.request import ChatRequest

__all__ = ["AnthropicGateway"]

# The API insists on a bound; every model since Claude 3.5 can write this much.
DEFAULT_MAX_TOKENS = 8192

_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class AnthropicGateway(LLMGateway):
    """Anthropic, or a server that speaks its messages protocol.

    Args:
        api_key: The key; by default `ANTHROPIC_API_KEY`.
        base_url: Its address without `/v1`; by default `ANTHROPIC_BASE_URL`, then
            Anthropic's own.
        headers: Sent besides our own.
        timeout: `Timeouts`, or the seconds it may be silent.
    """

    name: ClassVar[str] = "anthropic"
    key_variable: ClassVar[str] = "ANTHROPIC_API_KEY"
    url_variables: ClassVar[tuple[str, ...]] = ("ANTHROPIC_BASE_URL",)
    default_url: ClassVar[str] = "https://api.anthropic.com"
    listing_path: ClassVar[str] = "/v1/models?limit=1000"  # 20 otherwise
    default_model: ClassVar[str] = "claude-haiku-5-5"

    def __init__(
        self, api_key: str | SecretStr | None = None, base_url: str | None = None, **settings: Any
    ) -> None:
        api_key = hidden(api_key)
        super().__init__(base_url, api_key=api_key, **settings)

    @property
    def url(self) -> str:
        """Base address; a `/v1` at its end is taken off, since paths bring it."""
        return super().url.removesuffix("/v1")

    def auth(self, secret: SecretStr) -> Mapping[str, str]:
        """The key in Anthropic's own header."""
        return {"x-api-key": secret.get_secret_value()}

    def wire(self, path: str, *args: Any, **settings: Any) -> WireRequest:
        """Address a request, with the version of the API it is written for."""
        request = super().wire(path, *args, **settings)
        request.headers.setdefault("anthropic-version", "2023-06-01")
        return request

    def encode(self, request: ChatRequest) -> WireRequest:
        """Write the body of /v1/messages."""
        config = request.config
        body: dict[str, Any] = {
            "model": request.model,
            "max_tokens": config.max_tokens or DEFAULT_MAX_TOKENS,
            "messages": conversation(request.messages),
            "stream": request.stream,
        }
        if said := _system(request.messages):
            body["system"] = said

        options = {"temperature": config.temperature, "top_p": config.top_p, "top_k": config.top_k}
        body.update({name: value for name, value in options.items() if value is not None})
        body.update(_tools(request))
        return self.wire("/v1/messages", body, stream=request.stream, timeouts=request.timeouts)

    def decoder(self, request: ChatRequest) -> Decoder:
        """A reader of Anthropic's events."""
        return AnthropicDecoder(request, self.name)

    def models_in(self, found: dict[str, Any]) -> list[str]:
        """Model ids in the server's order, newest first."""
        return [str(model["id"]) for model in found.get("data") or () if "id" in model]


def _system(messages: Sequence[LLMMessage]) -> str:
    return "\n\n".join(
        message.content
        for message in messages
        if message.role is MessageRole.System and message.content
    )


def _tools(request: ChatRequest) -> dict[str, Any]:
    tools = [
        {"name": spec.name, "description": spec.description, "input_schema": spec.parameters}
        for spec in request.tools
    ]
    if request.schema is not None:
        answer = {
            "name": request.schema_name,
            "description": "Give the answer in this form.",
            "input_schema": request.schema,
        }
        # "any" of one tool is that tool, and is also honoured where a named one is not.
        return {"tools": [*tools, answer], "tool_choice": {"type": "any"}}

    if not tools:
        return {}

    # Messages that hold tool calls are refused without their tools, so these stay
    # named when the model has to answer without them.
    return (
        {"tools": tools, "tool_choice": {"type": "none"}} if request.is_last else {"tools": tools}
    )


def conversation(messages: Sequence[LLMMessage]) -> list[dict[str, Any]]:
    """Messages as Anthropic orders them: results of one round share one user turn."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if message.role is MessageRole.System:
            continue

        role = "assistant" if message.role is MessageRole.Assistant else "user"
        blocks = _blocks(message)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(blocks)
        elif blocks:
            turns.append({"role": role, "content": blocks})

    return turns


def _blocks(message: LLMMessage) -> list[dict[str, Any]]:
    if message.role is MessageRole.Tool and message.tool_calls:
        result = {
            "type": "tool_result",
            "tool_use_id": message.tool_calls[0].id,
            "content": message.content or "",
        }
        return [{**result, "is_error": True} if message.is_error else result]

    # An empty text block is refused.
    text = message.content if message.content and message.content.strip() else ""
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    return blocks + [_use(call) for call in message.tool_calls or ()]


def _use(call: LLMToolCall) -> dict[str, Any]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}


class AnthropicDecoder(SSEDecoder):
    """Reads Anthropic's events; a message is blocks, told apart by their index.

    llama.cpp opens the next block before it closes the last one, and some servers give
    a call's input whole at its start and no pieces: so calls are kept by their index.
    """

    def __init__(self, request: ChatRequest, gateway: str) -> None:
        super().__init__(request, gateway)
        self._open: dict[Any, _Call] = {}
        self._counts: dict[str, int] = {}

    def take(self, found: dict[str, Any], events: list[Event]) -> None:
        """Read one event."""
        kind = found.get("type")
        if kind == "content_block_delta":
            self._take_delta(found, events)
        elif kind == "content_block_start":
            self._open_block(found.get("index"), found.get("content_block") or {}, events)
        elif kind == "content_block_stop":
            self._close_block(found.get("index"), events)
        elif kind == "message_start":
            self._open_message(found.get("message") or {})
        elif kind == "message_delta":
            self._close_message(found)
        elif kind == "message_stop":
            self.is_done = self.is_over = True

    def _take_delta(self, found: dict[str, Any], events: list[Event]) -> None:
        delta = found.get("delta") or {}
        if text := delta.get("text"):
            # Once for every token: what `say` does, without the call.
            if type(text) is not str:
                raise TypeError("no text")
            self.texts.append(text)
            events.append(TextDelta(text))
        elif piece := delta.get("partial_json"):
            self._take_input(self._open[found.get("index")], piece, events)
        elif thought := delta.get("thinking"):
            self.think(thought, events)

    def _take_input(self, call: _Call, piece: str, events: list[Event]) -> None:
        call.given = {}
        if call.place is None:
            self.say(piece, events)
        else:
            self.calls.add(call.place, piece)
            self.call(call.place, self.calls.name(call.place), piece, events)

    def _open_block(self, index: Any, block: dict[str, Any], events: list[Event]) -> None:
        if block.get("type") == "tool_use":
            self._open[index] = self._opened(block)
        elif text := block.get("text"):
            self.say(text, events)
        elif thought := block.get("thinking"):
            self.think(thought, events)

    def _opened(self, block: dict[str, Any]) -> _Call:
        name = str(block.get("name") or "")
        given = block.get("input") or {}
        if self.request.schema is not None and name == self.request.schema_name:
            return _Call(None, given)

        return _Call(self.calls.begin(-1, str(block.get("id") or ""), name), given)

    def _close_block(self, index: Any, events: list[Event]) -> None:
        call = self._open.pop(index, None)
        if call is not None and call.given:
            self._take_input(call, to_json(call.given).decode(), events)

    def _open_message(self, message: dict[str, Any]) -> None:
        self.model = str(message.get("model") or self.model)
        self._count(message.get("usage") or {})

    def _close_message(self, found: dict[str, Any]) -> None:
        self._count(found.get("usage") or {})
        if reason := (found.get("delta") or {}).get("stop_reason"):
            self._reason(reason)

    def _reason(self, reason: str) -> None:
        known = _REASONS.get(reason, reason)
        # The forced tool is the answer, not a call.
        self.finish_reason = "stop" if known == "tool_calls" and not self.calls else known

    def _count(self, found: Mapping[str, Any]) -> None:
        self._counts.update({name: n for name, n in found.items() if count(n) is not None})
        read = self._counts.get("cache_read_input_tokens", 0)
        written = self._counts.get("cache_creation_input_tokens", 0)
        fresh = self._counts.get("input_tokens")
        # Anthropic's input_tokens leave the cached ones out; ours are all that was read.
        self.usage = Usage(
            input_tokens=None if fresh is None else fresh + read + written,
            output_tokens=self._counts.get("output_tokens"),
            cached_tokens=self._counts.get("cache_read_input_tokens"),
        )

    def take_whole(self, found: dict[str, Any], events: list[Event]) -> None:
        """Read a message that came in one piece."""
        if not isinstance(found.get("content"), list):
            raise self._garbled(to_json(found))

        self._open_message(found)
        for index, block in enumerate(found["content"]):
            self._open_block(index, block, events)
            self._close_block(index, events)

        self._reason(str(found.get("stop_reason") or "end_turn"))
        self.is_done = True


@dataclass(slots=True)
class _Call:
    """A call that is being written: its place, or none where it is the answer itself.

    `given` is the input that came whole at its start, until a piece of it comes.
    """

    place: int | None
    given: dict[str, Any]
