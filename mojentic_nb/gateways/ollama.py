"""Ollama, here or elsewhere: its address, and what it can do besides chatting.

Law: what is sent and read is in `ollama_messages` and `ollama_events`; the few methods
that do I/O go through the gateway's transport.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, ClassVar

from pydantic import SecretStr

from mojentic_nb.catalogue import ModelContextWindow, card
from mojentic_nb.errors import BadArgument, GatewayError, GatewayUnreachable, ModelNotFound
from mojentic_nb.gateways.decoder import Decoder, count
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.ollama_events import OllamaDecoder, OllamaLogprobDecoder
from mojentic_nb.gateways.ollama_messages import chat_body
from mojentic_nb.gateways.ollama_pull import PullProgress, PullReader, show
from mojentic_nb.gateways.wire import WireRequest, address
from mojentic_nb.request import ChatRequest

__all__ = ["OllamaGateway", "PullProgress"]

# Tokens. Ollama's oldest default window; a longer text would need num_ctx.
EMBEDDED_TOKENS = 2048


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
    default_embedding_model: ClassVar[str] = "mxbai-embed-large"
    takes_image_urls: ClassVar[bool] = False

    def __init__(self, host: str | None = None, **settings: Any) -> None:
        super().__init__(host, **settings)
        self._windows: dict[str, ModelContextWindow | None] = {}

    @property
    def url(self) -> str:
        """Base address, read as Ollama's own client reads OLLAMA_HOST."""
        return host_url(self._url or os.environ.get("OLLAMA_HOST") or self.default_url)

    @property
    def takes_schema_with_tools(self) -> bool:
        """No: its grammar leaves no room for a call."""
        return False

    @property
    def needs_key(self) -> bool:
        """Never: a key is only for an Ollama behind a proxy or in the cloud."""
        return False

    def auth(self, secret: SecretStr) -> Mapping[str, str]:
        """The key as a bearer token."""
        return {"authorization": f"Bearer {secret.get_secret_value()}"}

    def encode(self, request: ChatRequest) -> WireRequest:
        """Write the body of /api/chat."""
        body = self._body(request)
        return self.wire("/api/chat", body, stream=request.stream, timeouts=request.timeouts)

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        return chat_body(request)

    def decoder(self, request: ChatRequest) -> Decoder:
        """A reader of Ollama's records."""
        wants_logprobs = request.config.logprobs is not None
        kind = OllamaLogprobDecoder if wants_logprobs else OllamaDecoder
        return kind(request, self.name)

    def models_in(self, found: dict[str, Any]) -> list[str]:
        """Names in Ollama's order: the one changed last comes first."""
        return [str(model.get("name") or model.get("model")) for model in found.get("models") or ()]

    def get_model_context_window(self, model: str) -> ModelContextWindow | None:
        """How much a model can read at once, as Ollama says; `None` where it does not.

        Raises:
            GatewayError: Ollama cannot be asked, or does not know the model.
        """
        wire = self.wire("/api/show", {"model": model})
        return self.page(wire, window_in, told="no description of a model", model=model)

    def pull_events(self, model: str) -> Iterator[PullProgress]:
        """Fetch a model, telling how far it is; leaving early hangs up.

        What has come stays in Ollama: the next pull goes on from there.

        Raises:
            ModelNotFound: There is no such model to fetch.
            GatewayError: Ollama or its registry cannot be reached, or failed.
        """
        if not model.strip():
            raise BadArgument(f"model={model!r} names no model.", hint='Say "llama3.2".')

        return self._pulled(model.strip())

    def _pulled(self, model: str) -> Iterator[PullProgress]:
        # Nothing is said while gigabytes are verified: the bound is that of a whole answer.
        patient = self.timeouts.model_copy(update={"silence_s": self.timeouts.whole_s})
        body = {"model": model, "stream": True}
        wire = self.wire("/api/pull", body, stream=True, timeouts=patient)
        reader = PullReader(model, self.name)
        try:
            with self.transport.open(wire) as reading:
                for data in reading.chunks:
                    yield from reader.feed(data)
                    if reader.is_done:
                        reading.is_over = True
                        break
            yield from reader.finish()
            return
        except GatewayError as problem:
            data = b""  # a local shows in tracebacks, and servers repeat keys
            error = self.explain(problem, model=model)

        raise error.alone()

    def pull_model(self, model: str, *, progress: bool = True) -> None:
        """Fetch a model and wait until it is there.

        Args:
            model: Such as `llama3.2`.
            progress: Draw a bar.

        Raises:
            GatewayError: As `pull_events`.
        """
        with closing(self.pull_events(model)) as told:  # type: ignore[type-var]
            if progress:
                show(told, model)
            for _ in told:
                pass

    def encode_embeddings(self, texts: Sequence[str], model: str) -> WireRequest:
        """Write the body of /api/embed."""
        # A text that is too long after all is to be an error, not silently its beginning.
        return self.wire("/api/embed", {"model": model, "input": list(texts), "truncate": False})

    def vectors_in(self, found: dict[str, Any]) -> Any:
        """The vectors, in the order of the texts."""
        return found["embeddings"]

    def embedded_tokens(self, found: dict[str, Any]) -> int | None:
        """Tokens the server read for these vectors, where it says."""
        return count(found.get("prompt_eval_count"))

    def embedding_bound(self, model: str) -> int:
        """The most tokens of one text: the catalogue's word, else what Ollama says."""
        known = card(self.name, model).context_tokens
        if known is None:
            if model not in self._windows:
                self._windows[model] = self.get_model_context_window(model)
            window = self._windows[model]
            known = EMBEDDED_TOKENS if window is None else window.max_context_tokens

        return min(known, EMBEDDED_TOKENS)

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


def window_in(found: dict[str, Any]) -> ModelContextWindow | None:
    """Read a model's context window in what /api/show says of it."""
    info = found.get("model_info") or {}
    ours = f"{info.get('general.architecture')}.context_length"
    others = (name for name in info if name.endswith(".context_length"))
    field = ours if ours in info else next(others, None)
    if field is None:
        return None

    if type(info[field]) is not int or info[field] <= 0:
        raise ValueError("no number of tokens")

    asked = re.findall(r"^num_ctx\s+(\d+)\s*$", found.get("parameters") or "", re.MULTILINE)
    num_ctx = int(asked[-1]) if asked else None
    return ModelContextWindow(max_context_tokens=info[field], field=field, model_num_ctx=num_ctx)


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
