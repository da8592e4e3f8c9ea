"""A model that costs money, for tests of what may be spent.

Law: "costly" costs 1000 dollars for a million tokens in and 2000 for a million out, so a
thousandth of a dollar is a token read.
"""

from __future__ import annotations

from typing import Any

from mojentic_nb import LLMBroker, catalogue
from tests.shapes import (
    ONCE,
    PROTOCOLS,
    Protocol,
)

OLLAMA, OPENAI, ANTHROPIC = PROTOCOLS
PRICE = {"input": 1000.0, "output": 2000.0, "cache_write": 1250.0}


def register_costly() -> None:
    """Tell the catalogue what it costs."""
    for protocol in PROTOCOLS:
        catalogue.register_model(protocol.name, "costly", price=PRICE)


def costly(protocol: Protocol, url: str, **settings: Any) -> LLMBroker:
    """A broker of a model that costs money, asked once unless told otherwise."""
    settings.setdefault("retry", ONCE)
    return LLMBroker("costly", protocol.gateway(url), **settings)


def listened(broker: LLMBroker, *kinds: type) -> list[Any]:
    """Events of these kinds, as they happen."""
    told: list[Any] = []
    broker.subscribe(
        lambda envelope: told.append(envelope.event) if type(envelope.event) in kinds else None
    )
    return told
