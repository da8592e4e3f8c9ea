"""Which gateway a model's name means, and which model to take when none is named.

Law: a prefix chooses (`ollama:`, `openai:`, `anthropic:`, `demo`); a bare name is
Ollama's, as in Mojentic. Only `default_model` asks the network, and only Ollama.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mojentic_nb.config import Timeouts
from mojentic_nb.errors import BadArgument, GatewayError
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway

if TYPE_CHECKING:
    from mojentic_nb.gateways.cassette import Cassette

__all__ = ["GATEWAYS", "Chooser", "choose", "choose_also", "default_model"]

GATEWAYS: dict[str, type[LLMGateway]] = {
    "ollama": OllamaGateway,
    "openai": OpenAIGateway,
    "anthropic": AnthropicGateway,
    "demo": DemoGateway,
}

# Seconds to find out whether Ollama runs: it is on this machine or it is not.
LOOK_S = 0.5


def choose(model: str, gateway: LLMGateway | None = None) -> tuple[LLMGateway, str]:
    """Find the gateway and the model's name on it.

    Raises:
        BadArgument: The name is empty, or a provider has no model of its own choice.
        GatewayError: A provider was named alone and could not be asked for its models.
    """
    if not model.strip():
        raise BadArgument(
            f"model={model!r} names no model.", hint='Write "demo" or "ollama:llama3.2".'
        )

    prefix, colon, name = model.strip().partition(":")
    if gateway is None:
        if prefix not in GATEWAYS:
            return OllamaGateway(), model.strip()
        gateway = GATEWAYS[prefix]()
    elif prefix != gateway.name or not colon:
        return gateway, model.strip()

    return gateway, name or first_model(gateway)


def choose_also(given: object, *, model: str) -> tuple[LLMGateway, str]:
    """Find the gateway and the model that a `fallback=` names.

    Args:
        given: A name, or a gateway, which is asked for the model of the same name; the
            demo gateway has one of its own.
        model: The broker's own.

    Raises:
        BadArgument: It names no model.
        GatewayError: A provider was named alone and could not be asked for its models.
    """
    if isinstance(given, str):
        return choose(given)
    if isinstance(given, LLMGateway):
        return choose(given.name if given.name == "demo" else model, given)

    raise BadArgument(
        f"fallback: {given!r} names no model.", hint='Write fallback=["openai:…", "demo"].'
    )


def first_model(gateway: LLMGateway) -> str:
    """The model a provider's name alone stands for.

    Raises:
        BadArgument: The server has no models.
        GatewayError: It cannot be asked.
    """
    if gateway.default_model and not gateway.has_own_url:
        return gateway.default_model

    found = [name for name in gateway.listed_models() if _writes(name)]
    if not found:
        raise BadArgument(
            f"{gateway.name} has no models yet.",
            hint='Fetch one with "ollama pull llama3.2".' if gateway.name == "ollama" else "",
        )

    return found[0]


def _writes(name: str) -> bool:
    # Embedding models are listed beside the others and cannot answer.
    return not any(word in name.lower() for word in ("embed", "minilm", "bge-", "rerank"))


def default_model(make: Callable[..., LLMGateway] | None = None) -> str:
    """The model to take when none is named, with its prefix.

    The running Ollama's first, else a provider whose key is set, else `demo`.

    Args:
        make: Makes a provider's gateway, where that is not simply its class.
    """
    made = make or (lambda provider, **settings: GATEWAYS[provider](**settings))
    try:
        look = Timeouts(connect_s=LOOK_S, silence_s=LOOK_S)
        return f"ollama:{first_model(made('ollama', timeout=look))}"
    except (GatewayError, BadArgument):
        pass

    for name in ("openai", "anthropic"):
        gateway = made(name)
        if not gateway.has_key:
            continue
        try:
            return f"{name}:{first_model(gateway)}"
        except (GatewayError, BadArgument):
            continue

    return "demo"


class Chooser:
    """Finds the gateways of one broker, each with its cassette over it if it has one.

    Args:
        cassette: The broker's own, or its path.

    Raises:
        BadArgument: It is no cassette.
    """

    def __init__(self, cassette: Cassette | str | os.PathLike[str] | None) -> None:
        self._cassette: Cassette | None = None
        if cassette is not None:
            from mojentic_nb.gateways.cassette import Cassette

            self._cassette = Cassette.of(cassette)

    def first(self, model: str | None, gateway: LLMGateway | None) -> tuple[LLMGateway, str]:
        """The broker's own gateway, and the model's name on it; see `choose`."""
        with self._listing():
            named = default_model() if model is None and gateway is None else model
            return self._over(*choose(named or "", gateway))

    def also(self, given: object, *, model: str) -> tuple[LLMGateway, str]:
        """One that is fallen back on; see `choose_also`."""
        with self._listing():
            return self._over(*choose_also(given, model=model))

    @contextmanager
    def _listing(self) -> Iterator[None]:
        """What models there are is asked of the cassette, too."""
        if self._cassette is None:
            yield
        else:
            with self._cassette.lent():
                yield

    def _over(self, gateway: LLMGateway, model: str) -> tuple[LLMGateway, str]:
        return (gateway if self._cassette is None else self._cassette.on(gateway)), model
