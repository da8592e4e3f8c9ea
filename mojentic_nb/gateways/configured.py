"""The gateways as a person has set them up: at the addresses of their settings files.

Law: a broker made in a program reads no file; who wants the files' addresses asks here.
The magics and the doctor do.
"""

from __future__ import annotations

from typing import Any

from mojentic_nb import preferences
from mojentic_nb.gateways.choose import GATEWAYS
from mojentic_nb.gateways.gateway import LLMGateway

__all__ = ["configured", "provider_of"]


def provider_of(model: str) -> str:
    """The provider a model's name means; a bare name is Ollama's."""
    prefix = model.strip().partition(":")[0]
    return prefix if prefix in GATEWAYS else "ollama"


def configured(provider: str, **settings: Any) -> LLMGateway:
    """Make a provider's gateway, at the address the settings files give it.

    Args:
        provider: Such as `ollama`.
        **settings: What its gateway takes besides.

    Raises:
        BadArgument: A settings file is not in order.
    """
    address = preferences.address(provider)
    if address is not None:
        settings[_ARGUMENTS.get(provider, "base_url")] = address

    return GATEWAYS[provider](**settings)


# As each gateway's own constructor calls it.
_ARGUMENTS = {"ollama": "host"}
