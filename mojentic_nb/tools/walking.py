"""Looking through folders by a pattern, without going through any link.

Law: each folder is opened by `roots.py` and read as it is met, so a caller may stop at
any entry; what leads outside is not told.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.names import Given, checked_parts
from mojentic_nb.tools.roots import Kind, kind_of

if TYPE_CHECKING:
    from mojentic_nb.tools.folder import Folder

__all__ = ["Entry", "walked"]

# Nobody writes more; each `**` may cost a look at every folder.
_MOST_PARTS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing in a folder.

    Attributes:
        place: Where it is on this machine.
        shown: Its path as a model is told it.
        kind: What it is; `link` for one that leads to something inside.
        bytes: Its size; 0 for what is no file.
        modified_at: Seconds since 1970.
    """

    place: Path
    shown: str
    kind: Kind
    bytes: int
    modified_at: float


def walked(folder: Folder, pattern: str, under: Given) -> Iterator[Entry]:
    """What fits a pattern below a folder, in order of names.

    Raises:
        ToolDenied: The pattern or the folder leads outside.
        ToolError: There is no such folder, or looking took longer than the limit.
    """
    parts = _checked_pattern(pattern)
    start = folder.resolved(under)
    if (kind := folder.kind(under)) != "folder":
        words = "{!r} is no folder." if kind else "There is no folder {!r}."
        raise ToolError(words.format(folder.shown(under)))

    until = monotonic() + folder.limits.seconds
    return _walk(folder, start, _positions(parts, {0}), parts, until)


def _checked_pattern(pattern: str) -> list[str]:
    parts = checked_parts(pattern)
    if os.path.isabs(pattern) or ".." in parts:
        raise ToolDenied(
            f"The pattern {pattern[:200]!r} is not one for files in the folder.",
            hint="Patterns are relative, without '..', such as 'src/**/*.py'.",
        )
    if not parts or len(parts) > _MOST_PARTS:
        raise ToolError(f"{pattern[:200]!r} is no pattern.", hint="Write '*' or '**/*.py'.")

    # Two in a row say what one says.
    return [
        one
        for one, before in zip(parts, [None, *parts], strict=False)
        if (one, before) != ("**", "**")
    ]


def _walk(
    folder: Folder, place: Path, states: set[int], parts: list[str], until: float
) -> Iterator[Entry]:
    """Depth first. `states` are the places in the pattern a name may be matched with next."""
    for name, found in _found(folder, place):
        if monotonic() > until:
            raise ToolError(
                f"Looking through the folder took longer than {folder.limits.seconds:g} s.",
                hint="Narrow the pattern, or name a folder further down.",
            )
        reached = _after(name, states, parts)
        if not reached:
            continue
        entry = _entry(folder, place / name, found)
        if entry is None:
            continue
        if len(parts) in reached:
            yield entry
        onward = reached - {len(parts)}
        if onward and entry.kind == "folder":
            yield from _walk(folder, entry.place, onward, parts, until)


def _found(folder: Folder, place: Path) -> list[tuple[str, os.stat_result]]:
    """Names in a folder with what the system knows of each, all from one opening."""
    found = []
    try:
        with folder.opened(place) as at, os.scandir(place if at is None else at) as entries:
            for one in entries:
                with suppress(FileNotFoundError):
                    found.append((one.name, one.stat(follow_symlinks=False)))
    except (OSError, ToolDenied):  # not ours to look into, or gone since
        return []

    return sorted(found, key=lambda one: one[0])


def _entry(folder: Folder, place: Path, found: os.stat_result) -> Entry | None:
    kind = kind_of(found.st_mode)
    try:
        if kind == "link":
            folder.resolved(place)  # one that leads outside is not told
    except ToolError:
        return None

    return Entry(
        place=place,
        shown=folder.shown(place),
        kind=kind,
        bytes=found.st_size if kind == "file" else 0,
        modified_at=found.st_mtime,
    )


def _positions(parts: list[str], states: set[int]) -> set[int]:
    """`**` may also stand for nothing; at the end it stands for everything below."""
    whole = set(states)
    for one in sorted(states):
        while one < len(parts) - 1 and parts[one] == "**":
            one += 1
            whole.add(one)

    return whole


def _after(name: str, states: set[int], parts: list[str]) -> set[int]:
    reached = set()
    for one in states:
        if one == len(parts):
            continue
        if parts[one] == "**":
            reached.add(one)
            if one == len(parts) - 1:
                reached.add(len(parts))
        elif _fits(name, parts[one]):
            reached.add(one + 1)

    return _positions(parts, reached)


def _fits(name: str, part: str) -> bool:
    return re.match(fnmatch.translate(part), name) is not None
