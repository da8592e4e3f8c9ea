"""Finding and replacing in a text.

Law: text is taken as it stands unless a regular expression is asked for, and that one
runs where it can be ended (`patterns`). Places are told as people count: lines and
columns from 1.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools import patterns
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.patterns import Match
from mojentic_nb.tools.policy import Limits

__all__ = ["Found", "Hit", "Replaced", "TextReplaceTool", "TextSearchTool"]

# Of a longer line the part around a hit is shown.
LONGEST_LINE = 400


class Hit(TypedDict):
    """Where something was found.

    Attributes:
        line: From 1.
        column: From 1, in characters.
        text: What was found.
        groups: What the pattern's groups hold.
        lines: The line it begins in, with as many around it as asked for.
    """

    line: int
    column: int
    text: str
    groups: list[str | None]
    lines: list[str]


class Found(TypedDict):
    """What was found.

    Attributes:
        hits: In order.
        is_cut: Whether there are more.
    """

    hits: list[Hit]
    is_cut: bool


class Replaced(TypedDict):
    """The new text, and how often something was replaced in it."""

    text: str
    count: int


class TextSearchTool(KitTool):
    """Finds in text."""

    tool_name = "text_search"
    facts = Facts(
        category="text",
        examples=(
            Example(arguments={"text": "one fish\ntwo fish", "find": "fish"}),
            Example(
                arguments={"text": "a=1, b=22", "find": r"(\w)=(\d+)", "is_regex": True},
                says="with groups",
            ),
        ),
        guidance="Without is_regex the text is looked for as it stands.",
    )

    def run(
        self,
        text: str,
        *,
        find: Annotated[str, Field(min_length=1)],
        is_regex: bool = False,
        ignore_case: bool = False,
        context: Annotated[int, Field(ge=0, le=20)] = 0,
        limit: Annotated[int, Field(ge=1)] = 100,
    ) -> Found:
        """Find every place of a word, phrase or regular expression in a text.

        Args:
            text: Where to look.
            find: What to look for.
            is_regex: Whether that is a regular expression of Python's kind; ^ and $ fit lines.
            ignore_case: Whether small and capital letters are alike.
            context: Lines shown before and after each hit.
            limit: Hits to tell at most.
        """
        limits = self.policy.limits
        _check(text, limits)
        most = min(limit, limits.entries)
        if is_regex or ignore_case:
            found = patterns.find(
                find,
                text,
                most=most + 1,
                is_literal=not is_regex,
                ignore_case=ignore_case,
                is_multiline=True,
                limits=limits,
            )
        else:
            found = _literal(text, find, most + 1)

        return _told(text, found, context=context, most=most, chars=limits.output_chars)


class TextReplaceTool(KitTool):
    """Replaces in text."""

    tool_name = "text_replace"
    facts = Facts(
        category="text",
        examples=(
            Example(arguments={"text": "1,5 and 2,5", "find": ",", "replacement": "."}),
            Example(
                arguments={
                    "text": "Ada Lovelace",
                    "find": r"(\w+) (\w+)",
                    "replacement": r"\2, \1",
                    "is_regex": True,
                }
            ),
        ),
        guidance=r"In a regex's replacement \1 stands for the first group.",
    )

    def run(
        self,
        text: str,
        *,
        find: Annotated[str, Field(min_length=1)],
        replacement: str,
        is_regex: bool = False,
        ignore_case: bool = False,
        limit: Annotated[int, Field(ge=1)] | None = None,
    ) -> Replaced:
        r"""Replace a word, phrase or regular expression in a text.

        Args:
            text: The text.
            find: What to replace.
            replacement: What is put there; with is_regex, \1 stands for the first group.
            is_regex: Whether find is a regular expression of Python's kind; ^ and $ fit lines.
            ignore_case: Whether small and capital letters are alike.
            limit: Replace only so many, from the beginning.
        """
        limits = self.policy.limits
        _check(text, limits)
        if not is_regex and not ignore_case:
            return _replaced(text, find, replacement, limit=limit, limits=limits)

        # Of a text to be taken as it stands, its backslashes are meant, too.
        new, count = patterns.replaced(
            find,
            replacement if is_regex else replacement.replace("\\", r"\\"),
            text,
            most=limit or 0,
            is_literal=not is_regex,
            ignore_case=ignore_case,
            is_multiline=True,
            limits=limits,
        )
        return {"text": new, "count": count}


def _check(text: str, limits: Limits) -> None:
    if len(text) > limits.read_bytes:
        raise ToolError(
            f"The text has {len(text)} characters; {limits.read_bytes} are allowed.",
            hint="Give it in parts.",
        )


def _literal(text: str, find: str, most: int) -> list[Match]:
    found: list[Match] = []
    start = text.find(find)
    while start >= 0 and len(found) < most:
        found.append(Match(start, start + len(find)))
        start = text.find(find, start + len(find))

    return found


def _replaced(
    text: str, find: str, replacement: str, *, limit: int | None, limits: Limits
) -> Replaced:
    count = min(text.count(find), limit or len(text))
    longer = len(text) + count * (len(replacement) - len(find))
    if longer > limits.write_bytes:
        raise ToolError(
            f"The new text would have {longer} characters; {limits.write_bytes} are allowed."
        )

    return {"text": text.replace(find, replacement, count), "count": count}


def _told(text: str, found: Sequence[Match], *, context: int, most: int, chars: int) -> Found:
    starts = [0, *(place + 1 for place, one in enumerate(text) if one == "\n")]
    ends = [later - 1 for _, later in pairwise(starts)] + [len(text)]
    hits: list[Hit] = []
    told = 0
    for one in found[:most]:
        place = bisect_right(starts, one.start) - 1
        around = range(max(0, place - context), min(len(starts), place + context + 1))
        hit: Hit = {
            "line": place + 1,
            "column": one.start - starts[place] + 1,
            "text": text[one.start : one.end],
            "groups": list(one.groups),
            "lines": [
                _line(text, starts[near], ends[near], one if near == place else None)
                for near in around
            ],
        }
        told += len(hit["text"]) + sum(map(len, hit["lines"]))
        if told > chars and hits:
            break
        hits.append(hit)

    return {"hits": hits, "is_cut": len(hits) < len(found)}


def _line(text: str, start: int, end: int, hit: Match | None) -> str:
    if end - start <= LONGEST_LINE:
        return text[start:end]

    first = start if hit is None else max(start, hit.start - LONGEST_LINE // 2)
    last = min(end, first + LONGEST_LINE)
    return "…" * (first > start) + text[first:last] + "…" * (last < end)
