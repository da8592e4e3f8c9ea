"""What is asked: wordings, and the items they are filled with.

Law: values. An item is the unit that every rate counts; a wording is one way to ask. Whatever
a person brings (text, rows, a frame) becomes these two here, once, and what makes no sense is
refused here by name. No model is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mojentic_nb.composers import filled
from mojentic_nb.errors import BadArgument
from mojentic_nb.messages import LLMMessage, as_messages

__all__ = [
    "AS_GIVEN",
    "Item",
    "Wording",
    "messages_of",
    "preview",
    "read_prompts",
    "said",
    "unique",
]

AS_GIVEN = "as given"
"""What the wording is called where each item has its own prompt."""

# An item's name stands in a table and on an axis.
LONGEST_NAME = 48

_FIELDS = ("id", "prompt", "expected", "cluster", "checks", "metadata", "vars")


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that every model is asked, and what is known about it.

    Attributes:
        id: What it is called; by default the beginning of its text or values.
        prompt: Its own text, which may be a template of `vars`, or messages; None where only
            a wording asks.
        vars: Values for `{name}` in a template.
        expected: The right answer, for checks and judges; never sent to the candidates.
        cluster: What it shares with others, such as the document several questions are about.
        checks: Checks of this item alone.
        metadata: Whatever else is to be kept with it.
    """

    id: str = ""
    prompt: Any = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    expected: Any = None
    cluster: str = ""
    checks: tuple[Any, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        if name in self.vars:
            return self.vars[name]
        if name in _FIELDS:
            return getattr(self, name)

        raise KeyError(name)

    @property
    def text(self) -> str:
        """What it asks by itself, in words; empty where only a wording asks."""
        return "" if self.prompt is None else said(self.prompt)


@dataclass(frozen=True)
class Wording:
    """One way to ask.

    Attributes:
        label: What it is called in tables.
        template: Its text, with `{name}` for an item's values; None asks each item's own.
    """

    label: str
    template: str | None = None


def read_prompts(prompts: Any, items: Any = None) -> tuple[list[Wording], list[Item]]:
    """Read what `compare(prompts, …, items=…)` was given.

    Args:
        prompts: Text, or a list of texts, messages, rows and `Item`s, or a frame: each is an
            item of its own. A mapping of names to texts: wordings of one question. With
            `items` all texts are wordings.
        items: The rows that wordings are filled with: mappings, `Item`s, or a frame.

    Raises:
        BadArgument: There is nothing to ask, or something cannot be asked.
    """
    if items is not None:
        return _wordings(prompts), _named(_items(items))
    if isinstance(prompts, Mapping):
        return _wordings(prompts), [Item(id="the question")]

    read = _named(_items(prompts))
    for item in read:
        if item.prompt is None:
            raise BadArgument(
                f"The item {item.id!r} has no prompt.",
                hint="Give each row a 'prompt', or one template and the rows as items=.",
            )

    return [Wording(AS_GIVEN)], read


def messages_of(wording: Wording, item: Item, *, system: str = "") -> tuple[LLMMessage, ...]:
    """What one item is asked in one wording.

    A template is filled where there are values to fill it with: braces in the text of an item
    that has none are the text's own.

    Raises:
        BadArgument: A template names what the item does not have.
    """
    asked = item.prompt if wording.template is None else wording.template
    if isinstance(asked, str):
        asked = _filled(asked, item, own=wording.template is None)

    before = [LLMMessage.system(_filled(system, item, own=True))] if system else []
    return (*before, *as_messages(asked))


def _filled(text: str, item: Item, *, own: bool) -> str:
    values = dict(item.vars)
    if not own and isinstance(item.prompt, str):
        values.setdefault("prompt", item.prompt)
    if not values:
        return text

    try:
        return filled(text, values, source=f"The prompt of item {item.id!r}")
    except BadArgument as problem:
        told = problem

    hint = told.hint.replace("in template_values", "to each item")
    raise BadArgument(told.message, hint=hint)


def said(prompt: Any) -> str:
    """A prompt in words, to be shown."""
    return "\n\n".join(message.content or "(no text)" for message in as_messages(prompt))


def preview(text: str, *, most: int = LONGEST_NAME) -> str:
    """The beginning of a text in one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def unique(names: Iterable[str]) -> list[str]:
    """The names, with a number behind those that were there before."""
    seen: dict[str, int] = {}
    taken: set[str] = set()
    made = []
    for name in names:
        chosen = name
        while chosen in taken:
            seen[name] = seen.get(name, 1) + 1
            chosen = f"{name} ({seen[name]})"
        taken.add(chosen)
        made.append(chosen)

    return made


def _wordings(prompts: Any) -> list[Wording]:
    if isinstance(prompts, str):
        prompts = [prompts]
    if isinstance(prompts, Mapping):
        pairs = [(str(label), template) for label, template in prompts.items()]
    elif isinstance(prompts, Sequence):
        labels = unique(preview(str(text)) for text in prompts)
        pairs = list(zip(labels, prompts, strict=True))
    else:
        raise BadArgument(f"prompts={type(prompts).__name__} is no template, nor several.")

    for label, template in pairs:
        if not isinstance(template, str) or not template.strip():
            raise BadArgument(f"The wording {label!r} is {template!r}, not a text.")
    if not pairs:
        raise BadArgument("prompts is empty: there is nothing to ask.")

    return [Wording(label, str(template)) for label, template in pairs]


def _items(given: Any) -> list[Item]:
    if isinstance(given, str | LLMMessage | Item):
        given = [given]
    elif _is_frame(given):
        given = _rows(given)
    elif isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise BadArgument(
            f"{type(given).__name__} is no list of prompts.",
            hint="Give texts, rows (dicts with a 'prompt'), or a DataFrame.",
        )

    read = [_item(place, one) for place, one in enumerate(given)]
    if not read:
        raise BadArgument("There is nothing to ask: no prompt was given.")

    return read


def _item(place: int, given: Any) -> Item:
    if isinstance(given, Item):
        return given
    if isinstance(given, Mapping):
        return _row(given)
    if isinstance(given, str) and not given.strip():
        raise BadArgument(f"prompts[{place}] is empty.")

    as_messages(given)  # refuses what is none
    return Item(prompt=given)


def _row(row: Mapping[Any, Any]) -> Item:
    known = {str(name): value for name, value in row.items() if not _is_missing(value)}
    given = {name: known.pop(name) for name in _FIELDS if name in known}
    for name in ("vars", "metadata"):
        if not isinstance(given.get(name, {}), Mapping):
            raise BadArgument(f"{name}={given[name]!r} of an item is no mapping.")

    values = {**known, **given.pop("vars", {})}
    for name in ("id", "cluster"):
        given[name] = str(given[name]) if name in given else ""

    checks = given.pop("checks", ())
    given["checks"] = tuple(checks) if isinstance(checks, list | tuple) else (checks,)
    return Item(vars=values, **given)


def _named(items: list[Item]) -> list[Item]:
    """The same with an id each; those that were given must differ."""
    given = [item.id for item in items if item.id]
    twice = next((name for name in given if given.count(name) > 1), None)
    if twice is not None:
        raise BadArgument(f"Two items are called {twice!r}.", hint="Give each an id of its own.")

    names = unique([*given, *(_name(item) for item in items if not item.id)])[len(given) :]
    unnamed = iter(names)
    return [item if item.id else replace(item, id=next(unnamed)) for item in items]


def _name(item: Item) -> str:
    # A row with values of its own is known by them: its template is the same as the others'.
    values = " · ".join(str(value) for value in item.vars.values())
    return preview(values or item.text) or "item"


def _is_frame(given: Any) -> bool:
    return hasattr(given, "columns") and hasattr(given, "to_dict") and hasattr(given, "index")


def _rows(frame: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = frame.to_dict("records")
    index = [str(name) for name in frame.index]
    # A frame's own index names its rows where somebody chose it.
    if "id" not in frame.columns and type(frame.index).__name__ != "RangeIndex":
        return [{**row, "id": name} for row, name in zip(rows, index, strict=True)]

    return rows


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True

    return isinstance(value, float) and math.isnan(value)
