"""The checks there are: contains, equals, a pattern, a schema, a number, a length, a likeness.

Law: each gives a `Check`, says in its reason what was missing, and takes the item's
`expected` where it is not told what to look for.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from mojentic_nb.compare.checks import Check, Score
from mojentic_nb.compare.items import Item
from mojentic_nb.errors import BadArgument
from mojentic_nb.hooks.weight import text_tokens
from mojentic_nb.schema import Shape, ShapeError
from mojentic_nb.views.word_diff import likeness

__all__ = [
    "contains",
    "equals",
    "json_schema",
    "length",
    "not_contains",
    "numeric",
    "one_of",
    "regex",
    "similarity",
]

Unit = Literal["words", "characters", "tokens", "lines"]

# As people write them: 1,234.5 and -3 and 2.5e-3.
# What stands within a word or behind another number is no sign: GPT4, 3-4.
_NUMBER = re.compile(
    r"(?<![A-Za-z_\d.])(?:(?<!\w)[-+−])?"
    r"(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
)


def contains(*texts: str, ignore_case: bool = False, any_of: bool = False) -> Check:
    """The answer has all of these texts in it; without any, the item's `expected`.

    Args:
        *texts: What to look for.
        ignore_case: Whether `paris` is Paris.
        any_of: Whether one of them is enough.
    """
    _texts("contains", texts)

    def verdict(text: str, item: Item) -> Score:
        wanted = texts or _several(item.expected)
        missing = [one for one in wanted if not _is_in(one, text, ignore_case)]
        is_good = len(missing) < len(wanted) if any_of else not missing
        return _told(is_good, f"does not contain {_listed(missing)}")

    return Check(name="contains", verdict=verdict, needs_expected=not texts)


def not_contains(*texts: str, ignore_case: bool = False) -> Check:
    """The answer has none of these texts in it."""
    if not texts:
        raise BadArgument("not_contains() needs what must not be there.")
    _texts("not_contains", texts)

    def verdict(text: str, _item: Item) -> Score:
        found = [one for one in texts if _is_in(one, text, ignore_case)]
        return _told(not found, f"contains {_listed(found)}")

    return Check(name="not_contains", verdict=verdict)


def regex(pattern: str | re.Pattern[str], *, ignore_case: bool = False) -> Check:
    """The pattern is found somewhere in the answer."""
    try:
        looked_for = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except (re.error, TypeError, ValueError) as problem:
        raise BadArgument(f"regex({pattern!r}): {problem}") from None

    def verdict(text: str, _item: Item) -> Score:
        return _told(looked_for.search(text) is not None, f"no {looked_for.pattern!r} in it")

    return Check(name="regex", verdict=verdict)


def equals(value: Any = None, *, ignore_case: bool = False, strip: bool = True) -> Check:
    """The answer is this text, or the item's `expected`, or one of several.

    Args:
        value: What it must be; a list allows any of them.
        ignore_case: Whether `paris` is Paris.
        strip: Whether blanks around the answer are left out.
    """

    def verdict(text: str, item: Item) -> Score:
        wanted = _several(item.expected) if value is None else _several(value)
        answer = _folded(text.strip() if strip else text, ignore_case)
        is_good = any(answer == _folded(one, ignore_case) for one in wanted)
        return _told(is_good, f"is not {_listed(wanted)}")

    return Check(name="equals", verdict=verdict, needs_expected=value is None)


def one_of(*choices: str, ignore_case: bool = True) -> Check:
    """The answer is one of the choices, whichever; a full stop behind it does not count."""
    if not choices:
        raise BadArgument("one_of() needs its choices.")
    _texts("one_of", choices)
    known = {_folded(one, ignore_case) for one in choices}

    def verdict(text: str, _item: Item) -> Score:
        answer = _folded(text.strip().rstrip(".!").strip("\"'` "), ignore_case)
        return _told(answer in known, f"is not one of {_listed(choices)}")

    return Check(name="one_of", verdict=verdict)


def json_schema(schema: Any) -> Check:
    """The answer is JSON that fits: a JSON schema, a pydantic model, or any type.

    Raises:
        BadArgument: It is no schema.
    """
    shape = Shape(schema)

    def verdict(text: str, _item: Item) -> Score:
        try:
            shape.read(text)
        except ShapeError as problem:
            return Score(0.0, False, str(problem))

        return Score(1.0, True)

    return Check(name="json_schema", verdict=verdict)


def numeric(
    value: float | None = None,
    *,
    tolerance: float = 0.0,
    relative: float = 1e-9,
    which: Literal["last", "first"] = "last",
) -> Check:
    """The answer's number is the right one, within a tolerance.

    Args:
        value: The right one; by default the item's `expected`.
        tolerance: How far it may be off, in its own unit.
        relative: How far it may be off as a share of the right one.
        which: Which number of a longer answer is meant; models mostly come to it last.
    """

    def verdict(text: str, item: Item) -> Score:
        right = _number_of(item.expected) if value is None else float(value)
        found = numbers_in(text)
        if not found:
            return Score(0.0, False, "no number in it")

        number = found[-1 if which == "last" else 0]
        is_good = math.isclose(number, right, rel_tol=relative, abs_tol=tolerance)
        return _told(is_good, f"{number:g} is not {right:g}")

    return Check(name="numeric", verdict=verdict, needs_expected=value is None)


def similarity(
    value: str | None = None, *, at_least: float | None = 0.8, embeddings: Any = None
) -> Check:
    """How alike the answer and a text are, 0 to 1.

    Args:
        value: The text; by default the item's `expected`.
        at_least: From which likeness on an answer passes; None only measures.
        embeddings: Whatever has `calculate_embeddings(texts)`, to compare by meaning (the
            cosine of both vectors); by default by words (Ratcliff and Obershelp).
    """

    def verdict(text: str, item: Item) -> float:
        wanted = _several(item.expected) if value is None else [value]
        if embeddings is None:
            return max(likeness(text, one) for one in wanted)

        vectors = embeddings.calculate_embeddings([text or " ", *wanted])
        return max(_cosine(vectors[0], other) for other in vectors[1:])

    needs = value is None
    return Check(name="similarity", verdict=verdict, at_least=at_least, needs_expected=needs)


def length(
    *, at_least: float | None = None, at_most: float | None = None, unit: Unit = "words"
) -> Check:
    """How long the answer is; it passes between the bounds, and is only measured without any."""
    if unit not in _UNITS:
        raise BadArgument(f"unit={unit!r}", hint=f"One of {', '.join(_UNITS)}.")

    def verdict(text: str, _item: Item) -> float:
        return float(_UNITS[unit](text))

    return Check(name=f"length_{unit}", verdict=verdict, at_least=at_least, at_most=at_most)


_UNITS: Mapping[str, Any] = {
    "words": lambda text: len(text.split()),
    "characters": len,
    "tokens": text_tokens,
    "lines": lambda text: len(text.splitlines()),
}


def numbers_in(text: str) -> list[float]:
    """The numbers of a text, in order; a percentage counts as its number."""
    return [float(found[0].replace(",", "").replace("−", "-")) for found in _NUMBER.finditer(text)]


def _number_of(expected: Any) -> float:
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return float(expected)
    if found := numbers_in(str(expected)):
        return found[-1]

    raise ValueError(f"the expected answer {expected!r} is no number")


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    length_of_both = math.hypot(*one) * math.hypot(*other)
    inner = sum(left * right for left, right in zip(one, other, strict=True))
    return inner / length_of_both if length_of_both else 0.0


def _several(value: Any) -> list[str]:
    values = value if isinstance(value, list | tuple | set) else [value]
    return [_written(one) for one in values]


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False)

    return str(value)


def _texts(name: str, texts: Iterable[Any]) -> None:
    for one in texts:
        if not isinstance(one, str) or not one:
            raise BadArgument(f"{name}({one!r}): give texts that are not empty.")


def _is_in(wanted: str, text: str, ignore_case: bool) -> bool:
    return _folded(wanted, ignore_case) in _folded(text, ignore_case)


def _folded(text: str, ignore_case: bool) -> str:
    return text.casefold() if ignore_case else text


def _listed(words: Iterable[str]) -> str:
    return ", ".join(map(repr, words))


def _told(is_good: bool, reason: str) -> Score:
    return Score(float(is_good), is_good, "" if is_good else reason)
