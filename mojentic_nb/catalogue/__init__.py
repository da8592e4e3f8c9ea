"""What is known of models before they are asked: limits, abilities, refusals, prices.

Law: read on first use, from one file with one date for each provider's prices
(`models.json`); users lay their own over it. What nobody told us stays unknown: it is
never guessed, and never takes an ability from a model.

    from mojentic_nb import catalogue

    catalogue.card("openai", "gpt-5.4-mini").context_tokens
    catalogue.register_model("openai", "my-model", context_tokens=32_000)
    catalogue.extend("models.toml")
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from mojentic_nb.catalogue.book import Catalogue, house_catalogue
from mojentic_nb.catalogue.card import (
    ABILITIES,
    Ability,
    ModelCard,
    ModelContextWindow,
    Price,
    cost_usd,
    effective_context_window,
    estimate_usd,
)
from mojentic_nb.catalogue.names import parameters_in

__all__ = [
    "ABILITIES",
    "Ability",
    "Catalogue",
    "ModelCard",
    "ModelContextWindow",
    "Price",
    "card",
    "catalogue",
    "cost_usd",
    "effective_context_window",
    "estimate_usd",
    "extend",
    "largest",
    "parameters_in",
    "register_model",
    "smallest",
]

Measure = Literal["parameters", "price"]


def card(provider: str, model: str) -> ModelCard:
    """What is known of a model; one that is not known can do everything.

    A dated snapshot (`gpt-5.4-mini-2026-03-17`), an alias, a fine-tuned model
    (`ft:gpt-4o:…`) and an Ollama tag (`llama3.2:1b`) are described by their base.
    """
    return house_catalogue().card(provider, model)


def catalogue() -> list[ModelCard]:
    """Every model that is described, by provider and name."""
    return house_catalogue().cards()


def register_model(provider: str, model: str, **fields: Any) -> ModelCard:
    """Describe a model for this session, or correct what is known of it.

    Args:
        provider: Name of its gateway.
        model: Its name there.
        fields: As in `models.json`: `context_tokens`, `output_tokens`, `refuses`, `kind`,
            `api`, `token_bound`, `price={"input": 2, "output": 8}`; and abilities, such as
            `tools=False`.

    Raises:
        BadArgument: A field is unknown or its value impossible.
    """
    return house_catalogue().register_model(provider, model, **fields)


def extend(path: str | Path) -> None:
    """Lay a JSON or TOML file of the form of `models.json` over the catalogue.

    Raises:
        BadArgument: The file is not of that form; nothing of it is taken.
    """
    house_catalogue().extend(path)


def smallest(
    cards: Iterable[ModelCard], *, by: Measure = "parameters", can: Iterable[Ability] = ()
) -> ModelCard | None:
    """The smallest or cheapest model of some, mostly the fastest; `None` for none.

    Args:
        cards: The ones to choose from, such as `catalogue()`.
        by: `parameters` for local models, `price` (input and output together) for others;
            models where that is unknown are left out.
        can: Abilities it must be known to have.
    """
    return next(iter(_by_size(cards, by, can)), None)


def largest(
    cards: Iterable[ModelCard], *, by: Measure = "parameters", can: Iterable[Ability] = ()
) -> ModelCard | None:
    """The largest or dearest model of some, mostly the cleverest; else as `smallest`."""
    return next(reversed(_by_size(cards, by, can)), None)


def _by_size(cards: Iterable[ModelCard], by: Measure, can: Iterable[Ability]) -> list[ModelCard]:
    needs = tuple(can)
    able = (card for card in cards if all(getattr(card, ability) for ability in needs))
    sized = [(size, card.model, card) for card in able if (size := _size(card, by)) is not None]
    return [card for _, _, card in sorted(sized, key=lambda found: found[:2])]


def _size(card: ModelCard, by: Measure) -> float | None:
    if by == "parameters":
        return card.parameters_b

    price = card.price
    return None if price.input is None or price.output is None else price.input + price.output
