"""Where a path leads below some roots, and opening folders so that it leads nowhere else.

Law: nothing outside the roots is opened or told of, whatever a path or a link says, and
even where somebody moves a link while we look. A refusal says the same words whether or
not there is something. Links that stay inside are followed; a hard link cannot be told
from a file and is one.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.names import Given, checked_parts
from mojentic_nb.tools.policy import Limits

__all__ = ["BY_STEPS", "NO_LINK", "Kind", "Roots", "kind_of"]

# Folders are opened one in another where the system can, so that no link put there
# meanwhile is followed; elsewhere the opened path is looked at once more.
BY_STEPS = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_AS_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | NO_LINK
# As many as Linux follows.
_MOST_LINKS = 40


Kind = Literal["file", "folder", "link", "other", ""]
_KINDS: dict[Kind, Callable[[int], bool]] = {
    "file": stat.S_ISREG,
    "folder": stat.S_ISDIR,
    "link": stat.S_ISLNK,
}


class Roots:
    """Folders, and where paths lead in them.

    A path is relative to the first root; a file of another root is `@name/…`, by that
    root's own name. An absolute path is taken where it lies inside one.

    Args:
        roots: Folders; none of them means that no file may be used.
        limits: How much may be read, written and listed.
    """

    def __init__(self, roots: Given | Iterable[Given], *, limits: Limits | None = None) -> None:
        each = (roots,) if isinstance(roots, str | os.PathLike) else tuple(roots)
        spelled = [Path(os.path.abspath(Path(one).expanduser())) for one in each]
        self.roots = tuple(one.resolve() for one in spelled)
        self.limits = limits or Limits()
        self._spelled = tuple(zip(spelled, self.roots, strict=True))

    def __repr__(self) -> str:
        return f"Folder({', '.join(map(str, self.roots))})"

    def resolved(self, path: Given = ".") -> Path:
        """Where a path leads, links followed; it need not exist.

        Whoever opens it by another way than ours opens what is there by then.

        Raises:
            ToolDenied: It leads outside, or can name no file.
        """
        return self._followed(path)

    def shown(self, path: Given = ".") -> str:
        """A path as a model is told it, which it can give back: never the machine's own."""
        place = Path(path)
        if not place.is_absolute():
            return place.as_posix()

        for spelled, root in self._spelled:
            for start in (root, spelled):
                if place.is_relative_to(start):
                    inner = place.relative_to(start).as_posix()
                    return inner if root == self.roots[0] else f"@{self._label(root)}/{inner}"

        return place.name

    def kind(self, path: Given = ".") -> Kind:
        """What is there, links followed; empty where nothing is."""
        place = self.resolved(path)
        with self._telling(path):
            found = self.looked_at(place)

        return kind_of(found.st_mode) if found else ""

    def looked_at(self, place: Path) -> os.stat_result | None:
        """What the system knows of a resolved place; None where nothing is.

        Raises:
            OSError: The system does not tell.
        """
        try:
            with self._beside(place) as (name, at):
                return os.stat(name, dir_fd=at, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _label(self, root: Path) -> str:
        names = [one.name for one in self.roots]
        place = self.roots.index(root)
        return root.name if names.count(root.name) == 1 else f"{root.name}-{place + 1}"

    def _root_of(self, place: Path) -> Path | None:
        return next((root for root in self.roots if place.is_relative_to(root)), None)

    def _outside(self, path: Given) -> ToolDenied:
        return ToolDenied(
            f"{os.fspath(path)[:200]!r} is not in a folder this tool may use.",
            hint="Paths are relative to that folder.",
        )

    def _start(self, path: Given, parts: list[str]) -> tuple[Path, list[str]]:
        """The root a path begins at, and what follows."""
        if not self.roots:
            raise ToolDenied(
                "No file may be used: no folder is allowed.",
                hint="Policy(roots=(…,)) names the folders.",
            )

        whole = Path(path)
        if whole.is_absolute() or whole.anchor:
            for spelled, root in self._spelled:
                for start in (root, spelled):
                    if whole.is_relative_to(start):
                        return root, parts[len(start.parts) - 1 :]
            raise self._outside(path)

        for root in self.roots[1:]:
            if parts and parts[0] == f"@{self._label(root)}":
                return root, parts[1:]

        return self.roots[0], parts

    def _followed(self, path: Given, *, last: bool = True) -> Path:
        """Follow every link by hand, so that none is followed out and back in again."""
        place, rest = self._start(path, checked_parts(path))
        waiting, links = deque(rest), 0
        while waiting:
            part = waiting.popleft()
            if part == "..":
                place = place.parent
            else:
                target = _link(place / part) if last or waiting else None
                if target is None:
                    place = place / part
                    continue
                links += 1
                if os.path.isabs(target):
                    place, onward = self._start_of_link(target, path)
                else:
                    onward = [one for one in Path(target).parts if one != "."]
                waiting.extendleft(reversed(onward))
            if self._root_of(place) is None or links > _MOST_LINKS:
                raise self._outside(path)

        if not BY_STEPS and self._root_of(place.resolve()) is None:
            raise self._outside(path)

        return place

    def _start_of_link(self, target: str, path: Given) -> tuple[Path, list[str]]:
        parts = list(Path(target).parts[1:])
        try:
            return self._start(target, parts)
        except ToolDenied:
            raise self._outside(path) from None  # where a link leads is not told

    @contextmanager
    def opened(self, place: Path) -> Iterator[int | None]:
        """A resolved folder, opened step by step from its root, no link followed.

        Yields:
            Its descriptor, or None on a system where none can be worked from.
        """
        root = self._root_of(place)
        if root is None:
            raise self._outside(place.name)
        if not BY_STEPS:
            yield None
            return

        at = _step(str(root), None)
        try:
            for part in place.relative_to(root).parts:
                inner = _step(part, at)
                os.close(at)
                at = inner
            yield at
        finally:
            os.close(at)

    @contextmanager
    def _beside(self, place: Path) -> Iterator[tuple[str, int | None]]:
        """A place as its name and the opened folder it stands in."""
        if place in self.roots:
            yield str(place), None
            return

        with self.opened(place.parent) as at:
            yield (str(place) if at is None else place.name), at

    @contextmanager
    def _telling(self, path: Given) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise self._told(problem, path) from None

    def _told(self, problem: OSError, path: Given) -> ToolError:
        """A system's error in words that hold no path of the machine."""
        shown = repr(self.shown(path)[:200])
        if problem.errno == errno.ELOOP:  # a link where none was a moment ago
            return self._outside(path)

        words = _WORDS.get(problem.errno or 0)
        return ToolError(words.format(shown) if words else f"{shown}: {problem.strerror}.")


_WORDS = {
    errno.ENOENT: "There is no {}.",
    errno.ENOTDIR: "Part of {} is a file and no folder.",
    errno.EISDIR: "{} is a folder and no file.",
    errno.EEXIST: "{} is already there.",
    errno.ENOTEMPTY: "The folder {} is not empty.",
    errno.EACCES: "The system does not let us use {}.",
    errno.EPERM: "The system does not let us use {}.",
    errno.ENAMETOOLONG: "The name {} is too long for this system.",
    errno.ENOSPC: "There is no space left for {}.",
    errno.EINVAL: "The system cannot do this with {}.",
    errno.EXDEV: "{} is on another disk; copy it.",
    errno.ENXIO: "{} is not an ordinary file.",
}


def kind_of(mode: int) -> Kind:
    """What a mode of the system says a thing is."""
    for kind, fits in _KINDS.items():
        if fits(mode):
            return kind

    return "other"


def _link(place: Path) -> str | None:
    try:
        return os.readlink(place)
    except (OSError, ValueError):
        return None


def _step(part: str, at: int | None) -> int:
    """Open one folder in another; a link is not gone through."""
    try:
        return os.open(part, _AS_FOLDER, dir_fd=at)
    except NotADirectoryError:
        if stat.S_ISLNK(os.stat(part, dir_fd=at, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, "") from None
        raise
