"""Where half a string may be shown: in prose, not where only certain words are allowed.

Law: the schema decides. Half of "so-so" may be another mood, and half a date another day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mojentic_nb.partial.document import Open

__all__ = ["is_free_text"]

Part = Mapping[str, Any]

_RESTRICTED = {"enum", "const", "format", "pattern", "contentEncoding", "contentMediaType"}
_COMBINED = ("anyOf", "oneOf", "allOf")
_DEEPEST = 20  # of names for names: a schema may name itself


def is_free_text(schema: Part, path: Sequence[Open]) -> bool:
    """Whether any text may stand where this path is being written."""
    parts = list(_options(schema, schema, _DEEPEST))
    for level in path:
        inner = [one for part in parts for one in _below(part, level)]
        parts = [option for one in inner for option in _options(one, schema, _DEEPEST)]

    texts = [part for part in parts if _may_be_text(part)]
    return bool(texts) and not any(_RESTRICTED & set(part) for part in texts)


def _options(part: Any, root: Part, depth: int) -> Iterator[Part]:
    """What a part may be: names looked up, alternatives one by one."""
    if depth == 0:
        return
    if not isinstance(part, Mapping):  # true: anything at all
        yield {}
        return

    inner = [one for word in _COMBINED for one in part.get(word, ())]
    if isinstance(name := part.get("$ref"), str):
        inner.append(root.get("$defs", {}).get(name.removeprefix("#/$defs/"), {}))

    for one in inner:
        yield from _options(one, root, depth - 1)
    if not inner or _RESTRICTED & set(part):
        yield part


def _below(part: Part, level: Open) -> Iterator[Part]:
    """The part for what is being written inside this level."""
    found: Any
    if isinstance(level.value, list):
        first = part.get("prefixItems", ())
        place = len(level.value)
        found = first[place] if place < len(first) else part.get("items", {})
    else:
        found = part.get("properties", {}).get(level.key, part.get("additionalProperties", {}))

    if found is not False:
        yield found if isinstance(found, Mapping) else {}


def _may_be_text(part: Part) -> bool:
    kind = part.get("type")
    return kind is None or kind == "string" or (isinstance(kind, list) and "string" in kind)
