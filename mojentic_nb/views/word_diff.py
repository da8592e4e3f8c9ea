"""What differs between two texts, word by word.

Law: pure. Both texts are escaped; `<ins>` and `<del>` say which is which without any style,
and the text twin marks them with `{+…+}` and `[-…-]`, as `git diff --word-diff` does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from html import escape
from typing import Any, Literal

__all__ = ["Change", "changes", "diff_html", "diff_text", "likeness"]

Change = tuple[Literal["same", "gone", "new"], str]

# Words, blanks and signs; put together they are the text again.
_PIECE = re.compile(r"\s+|[^\W_]+|[\W_]", re.UNICODE)
# The same with the blanks behind them.
_WORD = re.compile(r"(?:[^\W_]+|[\W_])\s*", re.UNICODE)
# Above this many pieces lines are compared.
_MOST_PIECES = 4000
# The work grows with the pairs of equal pieces times the runs found: two answers that went round
# in circles for a thousand words took 74 s. Above so many pairs words are compared with their
# blanks, and a word with as many as this begins no run: it is a part of those around it.
_MOST_PAIRS, _OFTEN = 20_000, 100


def changes(before: str, after: str) -> Iterator[Change]:
    """The pieces of both texts, in order; what is the same comes once."""
    one, other = _PIECE.findall(before), _PIECE.findall(after)
    if max(len(one), len(other)) > _MOST_PIECES:
        one, other = before.splitlines(keepends=True), after.splitlines(keepends=True)

    matcher = _matcher(one, other)
    one, other = matcher.a, matcher.b
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            yield "same", "".join(one[i1:i2])
            continue
        if i2 > i1:
            yield "gone", "".join(one[i1:i2])
        if j2 > j1:
            yield "new", "".join(other[j1:j2])


def diff_html(before: str, after: str) -> str:
    """Both texts as one piece of HTML."""
    tags = {"same": "{}", "gone": "<del>{}</del>", "new": "<ins>{}</ins>"}
    return "".join(tags[kind].format(escape(text)) for kind, text in changes(before, after))


def diff_text(before: str, after: str) -> str:
    """Both texts as one text."""
    marks = {"same": "{}", "gone": "[-{}-]", "new": "{{+{}+}}"}
    return "".join(marks[kind].format(text) for kind, text in changes(before, after))


def likeness(before: str, after: str) -> float:
    """How much is the same, 0 to 1: twice the same words by all words (Ratcliff and Obershelp)."""
    share: float = _matcher(_PIECE.findall(before), _PIECE.findall(after)).ratio()
    return share


def _matcher(one: list[str], other: list[str]) -> Any:
    """What compares the two, in these pieces or, where that is much work, in whole words.

    A `SequenceMatcher`, of whose `a`, `b` and `b2j` its types know nothing.
    """
    matcher: Any = SequenceMatcher(None, one, other, autojunk=False)
    if sum(_pairs(matcher).values()) <= _MOST_PAIRS:
        return matcher

    matcher.set_seqs(_WORD.findall("".join(one)), _WORD.findall("".join(other)))
    for word in [word for word, count in _pairs(matcher).items() if count > _OFTEN]:
        del matcher.b2j[word]

    return matcher


def _pairs(matcher: Any) -> dict[str, int]:
    """How many pairs of equal pieces there are of each."""
    often = Counter(matcher.a)
    return {piece: often[piece] * len(places) for piece, places in matcher.b2j.items()}
