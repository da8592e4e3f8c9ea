"""The catalogue: entries by provider and name, ours first, then the user's over them.

Law: no I/O but reading a file that was named. A change makes new tables and swaps them,
so a reader on another thread sees the old or the new, never half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from mojentic_nb.catalogue.card import ABILITIES, ModelCard, Price
from mojentic_nb.catalogue.form import (
    Entry,
    PriceEntry,
    ProviderEntry,
    checked,
    read,
)
from mojentic_nb.catalogue.names import candidates, is_cloud, is_tuned, parameters_in

__all__ = ["Catalogue", "house_catalogue"]

# Next to this file, and so in the wheel.
OURS = Path(__file__).with_name("models.json")


class Catalogue:
    """Model cards by provider and name.

    Args:
        path: The file to begin with; by default ours.
    """

    def __init__(self, path: str | Path = OURS) -> None:
        self._providers: dict[str, ProviderEntry] = {}
        self._ids: dict[tuple[str, str], str] = {}
        self._cards: dict[tuple[str, str], ModelCard] = {}
        self.extend(path)

    def card(self, provider: str, model: str) -> ModelCard:
        """What is known of a model; nothing is taken from one that is not known."""
        found = self._cards.get((provider, model))
        if found is None:
            found = self._cards[provider, model] = self._made(provider, model)

        return found

    def cards(self) -> list[ModelCard]:
        """One card for each entry, by provider and name."""
        named = (
            (provider, model) for provider, one in self._providers.items() for model in one.models
        )
        return [self.card(provider, model) for provider, model in sorted(named)]

    def register_model(self, provider: str, model: str, **fields: Any) -> ModelCard:
        """Describe one model; fields not given stay as they were.

        Raises:
            BadArgument: A field is unknown or its value impossible.
        """
        given = {name: value for name, value in fields.items() if name not in ABILITIES}
        for ability in (name for name in ABILITIES if name in fields):
            where = "can" if fields[ability] else "cannot"
            given[where] = (*given.get(where, ()), ability)

        entry = checked(Entry, given, where=f"{provider}:{model}")
        self._take({provider: ProviderEntry(models={model: entry})})
        return self.card(provider, model)

    def extend(self, path: str | Path) -> None:
        """Lay a file over what is known: its fields win, the others stay.

        Raises:
            BadArgument: The file is not of this form; nothing of it is taken.
        """
        self._take(read(path).providers)

    def _take(self, providers: Mapping[str, ProviderEntry]) -> None:
        merged = dict(self._providers)
        for name, found in providers.items():
            merged[name] = _laid_over(merged.get(name, ProviderEntry()), found)

        self._ids = {
            (provider, name): model
            for provider, one in merged.items()
            for model, entry in one.models.items()
            for name in (*entry.aliases, model)
        }
        self._providers = merged
        self._cards = {}

    def _made(self, provider: str, model: str) -> ModelCard:
        known = self._providers.get(provider, ProviderEntry())
        names = candidates(model, has_tags=known.has_tags)
        found = next((self._ids[provider, n] for n in names if (provider, n) in self._ids), None)
        if found is None:
            card = _filled(ModelCard(provider=provider, model=model), [known.unknown], known)
        else:
            card = ModelCard(provider=provider, model=model, id=found, is_known=True)
            card = _filled(card, [known.defaults, known.models[found]], known)

        if known.has_tags:
            size = parameters_in(model.partition(":")[2])
            card = replace(card, parameters_b=size or card.parameters_b)
        if is_tuned(model) or (known.has_tags and is_cloud(model)):
            card = replace(card, price=Price(), priced_on="", source="")

        return card


def _laid_over(below: ProviderEntry, above: ProviderEntry) -> ProviderEntry:
    models = dict(below.models)
    for name, entry in above.models.items():
        models[name] = _entry_over(models.get(name, Entry()), entry)

    given = {name: getattr(above, name) for name in above.model_fields_set}
    for name in {"defaults", "unknown"} & given.keys():
        given[name] = _entry_over(getattr(below, name), given[name])

    return below.model_copy(update={**given, "models": models})


def _entry_over(below: Entry, above: Entry) -> Entry:
    given = {name: getattr(above, name) for name in above.model_fields_set}
    if "can" in given or "cannot" in given:
        given["can"], given["cannot"] = _abilities(below, above)

    # A copy knows which fields were given to it, and so can be laid over again.
    return below.model_copy(update=given)


def _abilities(*entries: Entry) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    known: dict[str, bool] = {}
    for entry in entries:
        known.update(dict.fromkeys(entry.can, True))
        known.update(dict.fromkeys(entry.cannot, False))

    return tuple(n for n in known if known[n]), tuple(n for n in known if not known[n])


def _filled(card: ModelCard, entries: list[Entry], provider: ProviderEntry) -> ModelCard:
    whole = Entry()
    for entry in entries:
        whole = _entry_over(whole, entry)

    able = {**dict.fromkeys(whole.can, True), **dict.fromkeys(whole.cannot, False)}
    abilities: dict[str, Any] = {name: able.get(name) for name in ABILITIES}
    priced = whole.price is not None
    return replace(
        card,
        kind=whole.kind,
        api=whole.api or "chat",
        context_tokens=whole.context_tokens,
        output_tokens=whole.output_tokens,
        parameters_b=whole.parameters_b,
        refuses=frozenset(whole.refuses),
        refuses_thinking=frozenset(whole.refuses_thinking),
        token_bound=whole.token_bound,
        price=_price(whole.price),
        priced_on=str(provider.priced_on or "") if priced else "",
        source=provider.source if priced else "",
        note=whole.note,
        **abilities,
    )


def _price(entry: PriceEntry | None) -> Price:
    if entry is None:
        return Price()

    plain = entry.model_dump(exclude={"above"})
    if entry.above is None:
        return Price(**plain)

    above = entry.above.model_dump()
    return Price(**plain, above_tokens=above.pop("input_tokens"), above=Price(**above))


@cache
def house_catalogue() -> Catalogue:
    """The catalogue of this process, read when first asked for."""
    return Catalogue()
