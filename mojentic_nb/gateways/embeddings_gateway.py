"""Embeddings by the name Mojentic gives them.

Law: a thin door; the work is the providers' gateways'.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import overload

from mojentic_nb.gateways.choose import GATEWAYS
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.ollama import OllamaGateway

__all__ = ["EmbeddingsGateway"]


class EmbeddingsGateway:
    """One embedding model.

    Args:
        model: Its name, with a provider before it where it is not Ollama's, such as
            `openai:text-embedding-3-small`; `openai` alone is that provider's usual one.
        gateway: The road to take, instead of the one the name means.
    """

    def __init__(
        self, model: str = "mxbai-embed-large", *, gateway: LLMGateway | None = None
    ) -> None:
        prefix, _, name = model.partition(":")
        is_prefixed = prefix in GATEWAYS if gateway is None else prefix == gateway.name
        self.model: str | None = (name or None) if is_prefixed else model
        self.gateway = gateway or (GATEWAYS[prefix]() if is_prefixed else OllamaGateway())

    @overload
    def calculate(self, text: str) -> list[float]: ...  # type: ignore[overload-overlap]
    @overload
    def calculate(self, text: Iterable[str]) -> list[list[float]]: ...
    def calculate(self, text: str | Iterable[str]) -> list[float] | list[list[float]]:
        """Turn a text into a vector, or several texts into as many.

        Raises:
            BadArgument: A text is empty, or the provider has no embeddings.
            GatewayError: The server cannot be asked, or sent something else.
        """
        return self.gateway.calculate_embeddings(text, self.model)
