"""Reading a unified diff of one file as hunks.

Law: pure. Read leniently, since models count badly: a header may have wrong numbers or
none, and the only hunk needs no header. What is no line of a diff is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mojentic_nb.errors import ToolError

__all__ = ["Hunk", "Line", "hunks_of"]

_HEADER = re.compile(r"@@(?:\s+-(\d+)(?:,(\d+))?(?:\s+\+(\d+)(?:,(\d+))?)?\s+@@)?")
_GIT = ("diff ", "index ", "new file", "deleted file", "old mode", "new mode", "similarity ")
_FENCE = re.compile(r"\s*```\w*\s*")


@dataclass(slots=True)
class Line:
    """A line of a hunk: what it says, and where in the diff it stands, from 1."""

    mark: str
    text: str
    number: int
    is_unended: bool = False


@dataclass(slots=True)
class Hunk:
    """Lines that belong together.

    Attributes:
        number: Line of the diff it begins at.
        start: Where in the old text it says it begins, from 0; None where it does not say.
        is_insertion: It says that it has no old line.
        counts: Old and new lines it says it has.
    """

    number: int
    start: int | None = None
    is_insertion: bool = False
    counts: tuple[int, int] | None = None
    lines: list[Line] = field(default_factory=list)

    @property
    def old(self) -> list[Line]:
        """What it says is there."""
        return [one for one in self.lines if one.mark != "+"]


def hunks_of(diff: str) -> list[Hunk]:
    """The hunks of a diff.

    Raises:
        ToolError: It is none, is of several files, or changes nothing.
    """
    lines = diff.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    numbered = [(place, one) for place, one in enumerate(lines, 1) if not _FENCE.fullmatch(one)]
    found: list[Hunk] = []
    place = _after_file_header(numbered, 0)
    while place < len(numbered):
        number, line = numbered[place]
        header = _HEADER.match(line)
        if header:
            hunk = _begun(number, header)
            place += 1
        elif found and not line.strip():
            place += 1
            continue
        elif found and not _is_file_header(numbered, place):
            raise _unread(number, line)
        elif found:
            raise ToolError(
                f"Line {number} of the diff begins a second file.", hint="Give one file's diff."
            )
        else:
            hunk = Hunk(number)
        place = _fill(hunk, numbered, place)
        found.append(hunk)

    if not any(one.mark != " " for hunk in found for one in hunk.lines):
        raise ToolError(
            "The diff changes nothing.",
            hint="Begin removed lines with '-', added ones with '+', others with a space.",
        )

    return found


def _begun(number: int, header: re.Match[str]) -> Hunk:
    start, old, _, new = header.groups()
    if start is None:
        return Hunk(number)

    counts = (int(old or 1), int(new or 1)) if header[3] is not None else None
    # Of nothing old, the line it comes after is told; else the one it begins with.
    is_insertion = old is not None and int(old) == 0
    return Hunk(number, int(start) - (not is_insertion), is_insertion, counts)


def _after_file_header(numbered: Sequence[tuple[int, str]], place: int) -> int:
    while place < len(numbered):
        line = numbered[place][1]
        if _is_file_header(numbered, place):
            return place + 2
        if line.strip() and not line.startswith(_GIT):
            return place
        place += 1

    return place


def _is_file_header(numbered: Sequence[tuple[int, str]], place: int) -> bool:
    pair = [one for _, one in numbered[place : place + 2]]
    return len(pair) == 2 and pair[0].startswith("--- ") and pair[1].startswith("+++ ")


def _fill(hunk: Hunk, numbered: Sequence[tuple[int, str]], place: int) -> int:
    """Read a hunk's lines: as many as it says, or, where that is wrong, up to the next one."""
    end = _counted(hunk, numbered, place) if hunk.counts else None
    if end is None:
        end = place
        while end < len(numbered) and not _ends_hunk(numbered, end):
            end += 1
        # An empty line at the end stands between hunks, and is no line of the file.
        while end > place and not numbered[end - 1][1].strip():
            end -= 1
    for number, line in numbered[place:end]:
        _take(hunk, number, line)

    return end


def _ends_hunk(numbered: Sequence[tuple[int, str]], place: int) -> bool:
    line = numbered[place][1]
    if line.startswith(("@@", "diff --git ")):
        return True

    is_next = place + 2 < len(numbered) and numbered[place + 2][1].startswith("@@")
    return is_next and _is_file_header(numbered, place)


def _counted(hunk: Hunk, numbered: Sequence[tuple[int, str]], place: int) -> int | None:
    old, new = hunk.counts or (0, 0)
    while (old > 0 or new > 0) and place < len(numbered):
        mark = numbered[place][1][:1] or " "
        old -= mark in " -"
        new -= mark in " +"
        if mark not in " -+\\" or old < 0 or new < 0:
            return None
        place += 1
    while place < len(numbered) and numbered[place][1].startswith("\\"):
        place += 1

    is_end = place == len(numbered) or not numbered[place][1].strip()
    return place if (old, new) == (0, 0) and (is_end or _begins(numbered, place)) else None


def _begins(numbered: Sequence[tuple[int, str]], place: int) -> bool:
    is_git = numbered[place][1].startswith("diff --git ")
    return is_git or _ends_hunk(numbered, place) or _is_file_header(numbered, place)


def _take(hunk: Hunk, number: int, line: str) -> None:
    if line.startswith("\\"):
        if hunk.lines:
            hunk.lines[-1].is_unended = True
        return

    mark = line[:1] or " "
    if mark == "\r" and len(line) == 1:
        mark, line = " ", " \r"
    if mark not in " -+":
        raise _unread(number, line)
    hunk.lines.append(Line(mark, line[1:], number))


def _unread(number: int, line: str) -> ToolError:
    return ToolError(
        f"Line {number} of the diff begins with {line[:1]!r}: {line[:80]!r}.",
        hint="Lines of a diff begin with ' ', '-' or '+', and a hunk with '@@'.",
    )
