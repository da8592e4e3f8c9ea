"""Anthropic's messages: the address, the key, and one request as it is sent.

Source: Anthropic's API reference, "Messages". What a request is made of is in
`anthropic_messages`, `anthropic_tools` and `anthropic_terms`; `anthropic_events` reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import SecretStr

from mojentic_nb.catalogue import ModelCard, ModelContextWindow, card
from mojentic_nb.gateways.anthropic_events import AnthropicDecoder
from mojentic_nb.gateways.anthropic_messages import conversation, system_text, with_cache_marks
from mojentic_nb.gateways.anthropic_terms import bounds_and_thinking, check_terms, is_claude
from mojentic_nb.gateways.anthropic_tools import tools_and_form
from mojentic_nb.gateways.bodies import with_extra
from mojentic_nb.gateways.decoder import Decoder
from mojentic_nb.gateways.gateway import LLMGateway, hidden
from mojentic_nb.gateways.wire import WireRequest
from mojentic_nb.request import ChatRequest

__all__ = ["AnthropicGateway"]


# What the counting of tokens takes of a request; the rest it answers with an error.
COUNTED = ("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config")


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
        body = self._body(request)
        return self.wire("/v1/messages", body, stream=request.stream, timeouts=request.timeouts)

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        config, known = request.config, self._card(request.model)
        check_terms(request, known)
        fields, told = tools_and_form(request, known)
        bounds = bounds_and_thinking(request, known)
        body: dict[str, Any] = {
            "model": request.model,
            "messages": conversation(
                request.messages,
                retain=config.retain_reasoning,
                is_claude=known is not None or is_claude(request.model),
            ),
            "stream": request.stream,
            "system": "\n\n".join(filter(None, [system_text(request.messages), told])) or None,
            "temperature": config.temperature,
            "top_p": config.top_p,
            "top_k": config.top_k,
            "stop_sequences": config.stop,
            **bounds,
            **fields,
            "output_config": {
                **bounds.get("output_config", {}),
                **fields.get("output_config", {}),
            }
            or None,
        }
        body = {name: value for name, value in body.items() if value is not None}
        return with_extra(with_cache_marks(body) if config.cache_prompt else body, config.extra)

    def _card(self, model: str) -> ModelCard | None:
        # Somewhere else a model's name means nothing.
        return None if self.has_own_url else card(self.name, model)

    def decoder(self, request: ChatRequest) -> Decoder:
        """A reader of Anthropic's events."""
        return AnthropicDecoder(request, self.name)

    def count_tokens(self, request: ChatRequest) -> int:
        """Ask the server how many tokens a request has, tools and images included.

        Nothing is written and nothing billed for it.

        Raises:
            BadArgument: The request cannot be written.
            GatewayError: The server cannot be asked, or counts none.
        """
        body = self._body(request)
        counted = {name: body[name] for name in COUNTED if name in body}
        wire = self.wire("/v1/messages/count_tokens", counted, timeouts=request.timeouts)
        return self.page(wire, _tokens_in, told="no number of tokens", model=request.model)

    def get_model_context_window(self, model: str) -> ModelContextWindow | None:
        """How much a model can read at once, as the catalogue knows; no server is asked."""
        known = self._card(model)
        if known is None or known.context_tokens is None:
            return None

        return ModelContextWindow(max_context_tokens=known.context_tokens, field="catalogue")

    def models_in(self, found: dict[str, Any]) -> list[str]:
        """Model ids in the server's order, newest first."""
        return [str(model["id"]) for model in found.get("data") or () if "id" in model]


def _tokens_in(found: dict[str, Any]) -> int:
    tokens = found["input_tokens"]
    if type(tokens) is not int:
        raise TypeError("no number")

    return tokens
