"""Ollama's /api/chat: lines of JSON.

Source: Ollama's docs/api.md. Ollama gives tool calls whole and mostly without an
id; results go back with the tool's name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import SecretStr
from pydantic_core import to_json

from mojentic_nb.errors import GatewayError, GatewayUnreachable, ModelNotFound
from mojentic_nb.events import Event, TextDelta, Usage
from mojentic_nb.gateways.decoder import Decoder, count
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.wire import WireRequest, address
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.request import ChatRequest

__all__ = ["OllamaGateway"]


class OllamaGateway(LLMGateway):
    """A local or remote Ollama.

    Args:
        host: Its address, such as `http://localhost:11434`, `box:11434` or `box`;
            by default `OLLAMA_HOST`, then 127.0.0.1:11434.
        headers: Sent besides our own.
        timeout: `Timeouts`, or the seconds it may be silent.
    """

    name: ClassVar[str] = "ollama"
    key_variable: ClassVar[str] = "OLLAMA_API_KEY"
    url_variables: ClassVar[tuple[str, ...]] = ("OLLAMA_HOST",)
    default_url: ClassVar[str] = "http://127.0.0.1:11434"
    listing_path: ClassVar[str] = "/api/tags"

    def __init__(self, host: str | None = None, **settings: Any) -> None:
        super().__init__(host, **settings)

    @property
    def url(self) -> str:
        """Base address, read as Ollama's own client reads OLLAMA_HOST."""
        return host_url(self._url or os.environ.get("OLLAMA_HOST") or self.default_url)

    @property
    def needs_key(self) -> bool:
        """Never: a key is only for an Ollama behind a proxy or in the cloud."""
        return False

    def auth(self, secret: SecretStr) -> Mapping[str, str]:
        """The key as a bearer token."""
        return {"authorization": f"Bearer {secret.get_secret_value()}"}

    def encode(self, request: ChatRequest) -> WireRequest:
        """Write the body of /api/chat."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [message_body(message) for message in request.messages],
            "stream": request.stream,
        }
        if options := _options(request):
            body["options"] = options
        if request.tools and not request.is_last:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": spec.name,
                        "description": spec.description,
                        "parameters": spec.parameters,
                    },
                }
                for spec in request.tools
            ]
        if request.schema is not None:
            body["format"] = request.schema

        return self.wire("/api/chat", body, stream=request.stream, timeouts=request.timeouts)

    def decoder(self, request: ChatRequest) -> Decoder:
        """A reader of Ollama's records."""
        return OllamaDecoder(request, self.name)

    def models_in(self, found: dict[str, Any]) -> list[str]:
        """Names in Ollama's order: the one changed last comes first."""
        return [str(model.get("name") or model.get("model")) for model in found.get("models") or ()]

    def hint(self, error: GatewayError, *, model: str) -> str:
        """What to do about an error."""
        if isinstance(error, GatewayUnreachable):
            return 'Start it with "ollama serve", or carry on offline with model "demo" (-m demo).'
        if isinstance(error, ModelNotFound) and model:
            return f'Fetch it with "ollama pull {model}", or see %llm_models.'

        return super().hint(error, model=model)

    def explain(self, error: GatewayError, *, model: str = "") -> GatewayError:
        """Say what an error means with Ollama."""
        if isinstance(error, GatewayUnreachable):
            error.message = f"Ollama is not running at {address(self.url)}."

        return super().explain(error, model=model)


def host_url(host: str) -> str:
    """Read a host as Ollama's client does: scheme and port may be missing.

    `0.0.0.0` is where a server listens, not where a client can call.
    """
    host = host.strip().rstrip("/")
    scheme, mark, rest = host.partition("://")
    if not mark:
        scheme, rest = "http", host

    place, slash, path = rest.partition("/")
    user, at, place = place.rpartition("@")
    name, port = _host_and_port(place)
    if not port and not mark:
        port = ":11434"

    name = "127.0.0.1" if name in ("", "0.0.0.0") else name
    return f"{scheme}://{user}{at}{name}{port}{slash}{path}"


def _host_and_port(place: str) -> tuple[str, str]:
    if place.startswith("[") or place.count(":") < 2:
        name, colon, port = place.partition("]:") if "]" in place else place.partition(":")
        return (f"{name}]", f":{port}") if colon == "]:" else (name, colon + port)

    return f"[{place}]", ""  # a bare IPv6 address


def _options(request: ChatRequest) -> dict[str, Any]:
    config = request.config
    options = {
        "temperature": config.temperature,
        "num_ctx": config.num_ctx,
        "num_predict": config.max_tokens,
        "top_p": config.top_p,
        "top_k": config.top_k,
    }
    return {name: value for name, value in options.items() if value is not None}


def message_body(message: LLMMessage) -> dict[str, Any]:
    """One message as Ollama writes it."""
    body: dict[str, Any] = {"role": message.role.value, "content": message.content or ""}
    if message.role is MessageRole.Tool and message.tool_calls:
        body["tool_name"] = message.tool_calls[0].name
        body["tool_call_id"] = message.tool_calls[0].id
    elif message.tool_calls:
        body["tool_calls"] = [_call_body(call) for call in message.tool_calls]

    return body


def _call_body(call: LLMToolCall) -> dict[str, Any]:
    return {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}


class OllamaDecoder(Decoder):
    """Reads the records of /api/chat."""

    def take(self, found: dict[str, Any], events: list[Event]) -> None:
        """Read one record; the last one has `done`."""
        # Once for every token, so its common path is flat: no calls but these.
        message = found.get("message") or {}
        if text := message.get("content"):
            if type(text) is not str:
                raise TypeError("no text")
            self.texts.append(text)
            events.append(TextDelta(text))
        if not text or len(message) > 2:
            self._take_rest(message, events)
        if found.get("done"):
            self._finish(found)

    def take_whole(self, found: dict[str, Any], events: list[Event]) -> None:
        """An answer in one piece is the last record with everything in it."""
        if "message" not in found:
            raise self._garbled(to_json(found))

        self.take(found, events)
        if "done" not in found:
            self._finish(found)

    def _take_rest(self, message: dict[str, Any], events: list[Event]) -> None:
        if thought := message.get("thinking"):
            self.think(thought, events)
        if calls := message.get("tool_calls"):
            self._take_calls(calls, events)

    def _take_calls(self, calls: list[dict[str, Any]], events: list[Event]) -> None:
        for call in calls:
            function = call.get("function") or {}
            name = str(function.get("name") or "")
            given = function.get("arguments")
            arguments = given if isinstance(given, str) else to_json(given or {}).decode()
            place = self.calls.begin(-1, str(call.get("id") or ""), name)
            self.calls.add(place, arguments)
            self.call(place, name, arguments, events)

    def _finish(self, found: dict[str, Any]) -> None:
        self.is_done = self.is_over = True
        self.model = str(found.get("model") or self.model)
        self.finish_reason = str(found.get("done_reason") or "stop")
        self.usage = Usage(
            input_tokens=count(found.get("prompt_eval_count")),
            output_tokens=count(found.get("eval_count")),
        )
