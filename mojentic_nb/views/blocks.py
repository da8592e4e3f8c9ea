"""Which lines of a Markdown text are code, and which fence is still open at its end.

Law: CommonMark's rules for fences, lists and quotes, as far as they decide that question, and
no further: no tree, no HTML. Every line is looked at once; `markdown.py` is the only caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

__all__ = ["Blocks", "Fence"]

# A container is the width of a list item's indentation; a quote has none.
_QUOTE = 0

# Without a bound, a line of 50,000 dashes would make each following line cost 50,000 steps.
# markdown-it stops at 20 levels in its strict preset.
_DEEPEST = 20

_QUOTE_MARK = re.compile(r" {0,3}> ?")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?: {1,4}(?=[^ ])| |$)")
_FENCE = re.compile(r" {0,3}(?:(`{3,})(?=[^`]*$)|(~{3,}))")
# Lines that begin with a letter, outside lists and quotes: most of a reply, read at one go.
_PLAIN_LINES = re.compile(r"(?:[^\W\d_][^\n]*(?:\n|\Z))+")
_HEADING_OR_ROW = re.compile(r" {0,3}(?:#{1,6}(?: |$)|\|)")


class _Kind(Enum):
    CODE = "code"
    BLANK = "blank"
    PROSE = "prose"
    START = "start"  # the first line of a list item or quote; prose may follow
    ALONE = "alone"  # a heading or a row of a table: no code span reaches into or out of it


_PROSE = (_Kind.PROSE, _Kind.START, _Kind.ALONE)


@dataclass(frozen=True, kw_only=True)
class Fence:
    """A code fence that nothing has closed yet.

    Attributes:
        sign: A backtick or a tilde.
        length: How many of them opened it.
        prefix: What a line must begin with to be inside the fence's list item or quote.
    """

    sign: str
    length: int
    prefix: str


class Blocks:
    """One pass over a text; `open_fence` is known once `pieces` has ended."""

    def __init__(self, text: str) -> None:
        self.open_fence: Fence | None = None
        self._text = text
        self._containers: list[int] = []
        self._in_paragraph = False

    def pieces(self) -> Iterator[tuple[str, int, bool]]:
        """Cut the text into paragraphs and everything else, without losing a character.

        Yields:
            The piece, where it ends in the text, and whether it is prose.
        """
        text, start, at, kind = self._text, 0, 0, _Kind.BLANK
        while at < len(text):
            before = kind
            kind, end = self._next(at)
            if at > start and _must_cut(before, kind):
                yield text[start:at], at, before in _PROSE
                start = at

            at = end

        yield text[start:], len(text), kind in _PROSE

    def _next(self, at: int) -> tuple[_Kind, int]:
        """What begins at `at`, and where it ends: one line, or many when nothing can happen."""
        if not self._containers:
            if self.open_fence:
                return _Kind.CODE, self._end_of_fence(at, self.open_fence)

            plain = _PLAIN_LINES.match(self._text, at)
            if plain:
                self._in_paragraph = True
                return _Kind.PROSE, plain.end()

        newline = self._text.find("\n", at)
        end = len(self._text) if newline < 0 else newline + 1
        return self._read(self._text[at:end].rstrip("\r\n").expandtabs(4)), end

    def _end_of_fence(self, at: int, fence: Fence) -> int:
        closing = rf"^ {{0,3}}{fence.sign}{{{fence.length},}}[ \t]*\r?(?:\n|\Z)"
        found = re.compile(closing, re.MULTILINE).search(self._text, at)
        if found is None:
            return len(self._text)

        self.open_fence = None
        self._in_paragraph = False
        return found.end()

    def _read(self, line: str) -> _Kind:
        at, depth = self._continued(line)
        if self.open_fence:
            if depth == len(self._containers):
                return self._inside_fence(line[at:], self.open_fence)

            self.open_fence = None  # its list item or quote has ended, and the fence with it

        return self._outside_fence(line[at:], depth)

    def _continued(self, line: str) -> tuple[int, int]:
        """Where the line's own text begins, and how many open containers it continues."""
        at = 0
        for depth, width in enumerate(self._containers):
            if width == _QUOTE:
                mark = _QUOTE_MARK.match(line, at)
                if mark is None:
                    return at, depth
                at = mark.end()
            elif line.startswith(" " * width, at):
                at += width
            elif line[at:].strip(" "):
                return at, depth
            else:
                at = len(line)  # a blank line does not end a list item

        return at, len(self._containers)

    def _inside_fence(self, rest: str, fence: Fence) -> _Kind:
        typed = rest.strip(" ")
        indent = len(rest) - len(rest.lstrip(" "))
        if indent < 4 and len(typed) >= fence.length and not typed.strip(fence.sign):
            self.open_fence = None
            self._in_paragraph = False

        return _Kind.CODE

    def _outside_fence(self, rest: str, depth: int) -> _Kind:
        if not rest.strip(" "):
            self._in_paragraph = False
            del self._containers[depth:]
            return _Kind.BLANK

        is_lazy = self._in_paragraph and depth < len(self._containers)
        if is_lazy and not _begins_block(rest):
            return _Kind.PROSE

        del self._containers[depth:]
        before = len(self._containers)
        rest = self._enter(rest)
        return self._leaf(rest, is_new=len(self._containers) > before)

    def _enter(self, rest: str) -> str:
        """Open the quotes and list items that begin on this line."""
        at = 0
        while len(self._containers) < _DEEPEST:
            found = _QUOTE_MARK.match(rest, at) or _ITEM.match(rest, at)
            if found is None:
                break

            bare = 0 if found[0].endswith(" ") else 1  # a marker at the line's end counts one space
            self._containers.append(_QUOTE if ">" in found[0] else found.end() - at + bare)
            self._in_paragraph = False
            at = found.end()

        return rest[at:]

    def _leaf(self, rest: str, *, is_new: bool) -> _Kind:
        if rest.startswith("    ") and not self._in_paragraph:
            return _Kind.CODE

        fence = _FENCE.match(rest)
        if fence:
            signs = fence[1] or fence[2]
            prefix = "".join("> " if width == _QUOTE else " " * width for width in self._containers)
            self.open_fence = Fence(sign=signs[0], length=len(signs), prefix=prefix)
            return _Kind.CODE

        if _HEADING_OR_ROW.match(rest):
            self._in_paragraph = False
            return _Kind.ALONE

        self._in_paragraph = bool(rest.strip(" "))
        return _Kind.START if is_new else _Kind.PROSE


def _begins_block(rest: str) -> bool:
    return any(mark.match(rest) for mark in (_QUOTE_MARK, _ITEM, _FENCE, _HEADING_OR_ROW))


def _must_cut(before: _Kind, kind: _Kind) -> bool:
    if kind in (_Kind.START, _Kind.ALONE) or before is _Kind.ALONE:
        return True

    return (before in _PROSE) != (kind in _PROSE)
