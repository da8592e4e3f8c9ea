"""The form of a catalogue file, ours (`models.json`) and a user's (JSON or TOML).

Law: a file is taken whole or not at all; what is wrong in it is named by its entry.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mojentic_nb.catalogue.card import Ability
from mojentic_nb.errors import BadArgument

__all__ = ["CatalogueFile", "Entry", "checked", "read"]

Tokens = Annotated[int, Field(gt=0)]
Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


_Form = TypeVar("_Form", bound=BaseModel)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AboveEntry(_Part):
    """The price of calls that read more than `input_tokens`."""

    input_tokens: Tokens
    input: Dollars | None = None
    cached_input: Dollars | None = None
    cache_write: Dollars | None = None
    output: Dollars | None = None


class PriceEntry(_Part):
    """USD for a million tokens; what is not given is unknown."""

    input: Dollars | None = None
    cached_input: Dollars | None = None
    cache_write: Dollars | None = None
    output: Dollars | None = None
    above: AboveEntry | None = None


class Entry(_Part):
    """One model; what is not given is unknown, or the provider's default."""

    aliases: tuple[str, ...] = ()
    kind: Literal["chat", "reasoning", "embedding"] | None = None
    api: Literal["chat", "responses"] | None = None
    context_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    parameters_b: Annotated[float, Field(gt=0)] | None = None
    can: tuple[Ability, ...] = ()
    cannot: tuple[Ability, ...] = ()
    refuses: tuple[str, ...] = ()
    refuses_thinking: tuple[str, ...] = ()
    token_bound: Literal["max_completion_tokens", "max_tokens"] | None = None
    price: PriceEntry | None = None
    note: str = ""


class ProviderEntry(_Part):
    """One provider.

    Attributes:
        priced_on: The day its prices were read.
        has_tags: Its names are `family:tag`, and a family's entry holds for its tags.
        defaults: What holds for each of its models unless they say otherwise.
        unknown: What holds even for a model that is not listed.
    """

    priced_on: date | None = None
    source: str = ""
    has_tags: bool = False
    defaults: Entry = Entry()
    unknown: Entry = Entry()
    models: dict[str, Entry] = {}


class CatalogueFile(_Part):
    """A whole file."""

    about: str | tuple[str, ...] = ""
    providers: dict[str, ProviderEntry]


def read(path: str | Path) -> CatalogueFile:
    """Read a file; its suffix tells TOML from JSON.

    Raises:
        BadArgument: It cannot be read, or an entry is not of this form.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        found = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as problem:
        raise BadArgument(f"{path} cannot be read: {problem.strerror}.") from None
    except ValueError as problem:  # not UTF-8, not JSON, not TOML
        raise BadArgument(f"{path} is no catalogue: {problem}.") from None

    return checked(CatalogueFile, found, where=str(path))


def checked(form: type[_Form], found: Any, *, where: str) -> _Form:
    """Read an object as a part of a catalogue.

    Raises:
        BadArgument: It is not of that form; the message names the entry.
    """
    try:
        return form.model_validate(found)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        entry = " / ".join(str(step) for step in first["loc"])
        value = first["input"]
        told = "" if isinstance(value, Mapping | list) else f", not {value!r}"
        raise BadArgument(
            f"{where}: {entry or 'the whole file'}: {first['msg']}{told}.",
            hint="See mojentic_nb/catalogue/models.json for the form.",
        ) from None
