"""OpenAI, or any server that speaks one of its two protocols: where it is, what it can.

Law: what is sent and read is in `openai_chat`, `openai_responses` and `openai_events`;
the few methods that do I/O go through the gateway's transport. What the catalogue knows
of a model holds at OpenAI's own address only: elsewhere a name means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import SecretStr

from mojentic_nb.catalogue import ModelCard, ModelContextWindow, card
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.decoder import Decoder, count
from mojentic_nb.gateways.gateway import LLMGateway, hidden
from mojentic_nb.gateways.openai_chat import ChatDecoder, ChatLogprobDecoder, chat_body
from mojentic_nb.gateways.openai_choices import ChatChoicesDecoder
from mojentic_nb.gateways.openai_events import ResponsesDecoder
from mojentic_nb.gateways.openai_responses import responses_body
from mojentic_nb.gateways.openai_terms import check_terms
from mojentic_nb.gateways.wire import WireRequest
from mojentic_nb.request import ChatRequest

__all__ = ["OpenAIGateway"]

API = Literal["auto", "chat", "responses"]


class OpenAIGateway(LLMGateway):
    """OpenAI, or any server that speaks its chat completions or its Responses API.

    Args:
        api_key: The key; by default `OPENAI_API_KEY`. Another server may need none.
        base_url: Its address with the version, such as `http://localhost:8080/v1`;
            by default `OPENAI_BASE_URL`, then OpenAI's own.
        api: The protocol. "auto" is chat completions, but for models at OpenAI that only
            speak the Responses API, and where thoughts are to be retained there.
        headers: Sent besides our own.
        timeout: `Timeouts`, or the seconds it may be silent.

    Raises:
        BadArgument: There is no such `api`.
    """

    name: ClassVar[str] = "openai"
    key_variable: ClassVar[str] = "OPENAI_API_KEY"
    # OPENAI_API_ENDPOINT is the name Mojentic read.
    url_variables: ClassVar[tuple[str, ...]] = ("OPENAI_BASE_URL", "OPENAI_API_ENDPOINT")
    default_url: ClassVar[str] = "https://api.openai.com/v1"
    default_model: ClassVar[str] = "gpt-5.4-mini"
    default_embedding_model: ClassVar[str] = "text-embedding-3-large"

    def __init__(
        self,
        api_key: str | SecretStr | None = None,
        base_url: str | None = None,
        *,
        api: API = "auto",
        **settings: Any,
    ) -> None:
        api_key = hidden(api_key)
        super().__init__(base_url, api_key=api_key, **settings)
        if api not in ("auto", "chat", "responses"):
            raise BadArgument(
                f"api={api!r} is none of OpenAI's.", hint='Say "auto", "chat" or "responses".'
            )
        self.api = api

    @property
    def takes_schema_with_tools(self) -> bool:
        """At OpenAI. Other servers write by a grammar, and call no tool while they do."""
        return not self.has_own_url

    def auth(self, secret: SecretStr) -> Mapping[str, str]:
        """The key as a bearer token."""
        return {"authorization": f"Bearer {secret.get_secret_value()}"}

    def encode(self, request: ChatRequest) -> WireRequest:
        """Write the body of /chat/completions or /responses."""
        known = self._card(request.model)
        if known is not None:
            check_terms(request, known)

        if self._speaks_responses(request, known):
            path, body = "/responses", responses_body(request, card=known, gateway=self.name)
        else:
            path, body = "/chat/completions", chat_body(request, card=known)
        return self.wire(path, body, stream=body["stream"], timeouts=request.timeouts)

    def _card(self, model: str) -> ModelCard | None:
        return None if self.has_own_url else card("openai", model)

    def _speaks_responses(self, request: ChatRequest, known: ModelCard | None) -> bool:
        if self.api != "auto" or known is None:
            return self.api == "responses"

        return known.api == "responses" or request.config.retain_reasoning

    def decoder(self, request: ChatRequest) -> Decoder:
        """A reader of chat completions, or of responses."""
        if self._speaks_responses(request, self._card(request.model)):
            return ResponsesDecoder(request, self.name)

        config = request.config
        # Its pieces come mixed: not knowing of it, one would take them for one answer.
        if (config.extra or {}).get("n", config.n) not in (None, 1):
            return ChatChoicesDecoder(request, self.name)

        kind = ChatDecoder if config.logprobs is None else ChatLogprobDecoder
        return kind(request, self.name)

    def models_in(self, found: dict[str, Any]) -> list[str]:
        """Model ids in the server's order."""
        return [str(model["id"]) for model in found.get("data") or () if "id" in model]

    def get_model_context_window(self, model: str) -> ModelContextWindow | None:
        """How much a model can read at once: from the catalogue, or from another server's list.

        Raises:
            GatewayError: That server cannot be asked.
        """
        known = self._card(model)
        if known is None:
            wire = self.wire(self.listing_path)
            return self.page(wire, lambda found: window_in(found, model), told="no list of models")

        tokens = known.context_tokens
        return (
            None
            if tokens is None
            else ModelContextWindow(max_context_tokens=tokens, field="catalogue")
        )

    def encode_embeddings(self, texts: Sequence[str], model: str) -> WireRequest:
        """Write the body of /embeddings."""
        body = {"model": model, "input": list(texts), "encoding_format": "float"}
        return self.wire("/embeddings", body)

    def vectors_in(self, found: dict[str, Any]) -> list[Any]:
        """The vectors, in the order of the texts whatever the server's."""
        # Some servers leave the places out: theirs is then the texts' order.
        placed = {entry.get("index", place): entry for place, entry in enumerate(found["data"])}
        return [placed[place]["embedding"] for place in range(len(found["data"]))]

    def embedded_tokens(self, found: dict[str, Any]) -> int | None:
        """Tokens the server read for these vectors, where it says."""
        usage = found.get("usage")
        return count(usage.get("prompt_tokens")) if isinstance(usage, dict) else None


# What servers call it, in their lists of models: vLLM and SGLang; Groq; OpenRouter.
_WINDOWS = ("max_model_len", "context_window", "context_length")


def window_in(found: Mapping[str, Any], model: str) -> ModelContextWindow | None:
    """The context window that a list of models tells of one of them."""
    entry: Mapping[str, Any] = next((one for one in found["data"] if _is_called(one, model)), {})
    for name in _WINDOWS:
        if _is_count(entry.get(name)):
            return ModelContextWindow(max_context_tokens=entry[name], field=name)

    # llama.cpp: what the model was made for, and what this server gives each caller of it.
    made = entry.get("meta") or {}
    if not _is_count(made.get("n_ctx_train")):
        return None

    served = made.get("n_ctx")
    return ModelContextWindow(
        max_context_tokens=made["n_ctx_train"],
        field="meta.n_ctx_train",
        model_num_ctx=served if _is_count(served) else None,
    )


def _is_called(entry: Mapping[str, Any], model: str) -> bool:
    return model == entry.get("id") or model in (entry.get("aliases") or ())


def _is_count(value: Any) -> bool:
    return type(value) is int and value > 0
