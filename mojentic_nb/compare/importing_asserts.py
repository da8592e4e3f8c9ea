"""promptfoo's assertions as checks: those that need neither a model nor code.

Law: pure. A type that is not known here, or whose meaning would be another one here, is told
in `left_out` and becomes no check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mojentic_nb.compare.check_kinds import contains, equals, json_schema, regex
from mojentic_nb.compare.checks import Check, Score
from mojentic_nb.compare.items import Item
from mojentic_nb.errors import BadArgument

__all__ = ["check_of_assert", "is_file"]

_REFERENCE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def check_of_assert(given: Any, values: Mapping[str, Any], left_out: list[str]) -> Check | None:
    """The check that an assertion is; None, and a word in `left_out`, where it is none of ours.

    Args:
        given: `{"type": "contains", "value": "Paris"}`; `not-` before a type turns it round.
        values: The case's `vars`, for `{{name}}` in the value.
        left_out: Takes what cannot be carried over.

    Raises:
        BadArgument: It is no assertion at all, or its value makes no sense.
    """
    kind = given.get("type") if isinstance(given, Mapping) else None
    if not isinstance(kind, str):
        raise BadArgument(f"{given!r} is no assertion: it has no type.")

    plain, value = kind.removeprefix("not-"), given.get("value")
    make = _KINDS.get(plain)
    if make is None or "transform" in given or is_file(value):
        left_out.append(f"the assertion {kind}")
        return None
    if value in (None, []) and plain != "is-json":
        raise BadArgument(f"{given!r} is no assertion: it has no value.")

    made = replace(make(_filled(value, values)), name=kind.replace("-", "_"))
    return made if plain == kind else _turned(made)


def is_file(value: Any) -> bool:
    """Whether a value is the name of a file that has it."""
    return isinstance(value, str) and value.startswith("file://")


def _turned(check: Check) -> Check:
    def verdict(text: str, item: Item) -> Score:
        found = check(text, item)
        is_good = not found.passed
        return Score(float(is_good), is_good, "" if is_good else f"not wanted: {check.name}")

    return replace(check, verdict=verdict)


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_filled(one, values) for one in value]
    if not isinstance(value, str):
        return value

    return _REFERENCE.sub(lambda found: str(values.get(found[1], found[0])), value)


def _text(value: Any) -> str:
    if isinstance(value, list | Mapping):
        raise BadArgument(f"The value {value!r} of an assertion is no text.")

    return str(value)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str) and "," in value:
        return [part.strip() for part in value.split(",")]

    return [_text(one) for one in (value if isinstance(value, list) else [value])]


def _starts(value: Any) -> Check:
    beginning = _text(value)

    def verdict(text: str, _item: Item) -> bool:
        return text.startswith(beginning)

    return Check(name="starts_with", verdict=verdict)


def _json(value: Any) -> Check:
    try:
        schema = json.loads(value) if isinstance(value, str) and value.strip() else value
    except ValueError as problem:
        raise BadArgument(f"The schema {value!r} of an assertion is not JSON: {problem}") from None

    return json_schema(schema) if schema else Check(name="is_json", verdict=_is_json)


def _is_json(text: str, _item: Item) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False

    return True


_KINDS: Mapping[str, Callable[[Any], Check]] = {
    "equals": lambda value: equals(value, strip=False),
    "contains": lambda value: contains(_text(value)),
    "icontains": lambda value: contains(_text(value), ignore_case=True),
    "contains-all": lambda value: contains(*_texts(value)),
    "contains-any": lambda value: contains(*_texts(value), any_of=True),
    "icontains-all": lambda value: contains(*_texts(value), ignore_case=True),
    "icontains-any": lambda value: contains(*_texts(value), ignore_case=True, any_of=True),
    "regex": lambda value: regex(_text(value)),
    "starts-with": _starts,
    "is-json": _json,
}
