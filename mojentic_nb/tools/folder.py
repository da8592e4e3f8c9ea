"""The files a tool may use, and the only way it uses them.

Law: every file is reached through the folder it stands in, opened by `roots.py`, so what
is not inside is never touched. A file is written beside and put in its place whole, or
left as it is.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mojentic_nb.errors import ToolDenied, ToolError
from mojentic_nb.tools.names import Given
from mojentic_nb.tools.roots import BY_STEPS, NO_LINK, Roots

if TYPE_CHECKING:
    from mojentic_nb.tools.walking import Entry

__all__ = ["Folder"]

_BINARY = getattr(os, "O_BINARY", 0) | NO_LINK
# Without O_NONBLOCK a named pipe would be waited for.
_AS_FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY
_AS_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
_AS_LONGER = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | _BINARY


class Folder(Roots):
    """Files below some roots: read, written, listed, moved, deleted, and never left.

    Errors are `ToolDenied` for what is outside and `ToolError` for all else, with the
    path as `shown`.
    """

    @contextmanager
    def reading(self, path: Given) -> Iterator[BinaryIO]:
        """A file opened for reading bytes.

        Raises:
            ToolDenied: It is outside.
            ToolError: There is none, or it cannot be read.
        """
        place = self.resolved(path)
        with self._telling(path):
            with self._beside(place) as (name, at):
                opened = os.fdopen(os.open(name, _AS_FILE, dir_fd=at), "rb")
            with opened:
                mode = os.fstat(opened.fileno()).st_mode
                if stat.S_ISDIR(mode):
                    raise IsADirectoryError(errno.EISDIR, "")
                if not stat.S_ISREG(mode):
                    raise ToolError(f"{self.shown(path)!r} is not an ordinary file.")
                if not BY_STEPS and self._root_of(Path(os.path.realpath(place))) is None:
                    raise self._outside(path)
                yield opened

    def read_bytes(self, path: Given) -> bytes:
        """A whole file.

        Raises:
            ToolDenied: It is outside.
            ToolError: There is none, or it is larger than the limit.
        """
        most = self.limits.read_bytes
        with self.reading(path) as opened:
            data = opened.read(most + 1)
            if len(data) > most:
                size = os.fstat(opened.fileno()).st_size
                raise ToolError(
                    f"{self.shown(path)!r} has {size} bytes, more than the {most} allowed.",
                    hint="Read a part of it, or search in it.",
                )

        return data

    def read_text(self, path: Given, *, encoding: str = "utf-8") -> str:
        """A whole file as text, its line ends as they are.

        Raises:
            ToolDenied: It is outside.
            ToolError: There is none, it is too large, or it is not in that encoding.
        """
        return self.decoded(self.read_bytes(path), path, encoding=encoding)

    def decoded(self, data: bytes, path: Given, *, encoding: str = "utf-8") -> str:
        """A file's bytes as text, or in words why not."""
        try:
            return data.decode(encoding)
        except LookupError:
            raise ToolError(f"There is no encoding {encoding!r}.", hint="Try utf-8.") from None
        except UnicodeDecodeError as problem:
            raise ToolError(
                f"{self.shown(path)!r} is not {encoding} text: byte {problem.start} is"
                f" {data[problem.start : problem.start + 1].hex()}.",
                hint="Name another encoding, such as latin-1, if it is text at all.",
            ) from None

    def write_bytes(
        self,
        path: Given,
        data: bytes,
        *,
        backup: bool = False,
        replace: bool = True,
        folders: bool = False,
    ) -> None:
        """Write a whole file at once: it is the new one or the old one, never half of it.

        Args:
            path: Where.
            data: What, within the limit.
            backup: Keep what was there as the same name with `.bak`.
            replace: Whether there may be a file already.
            folders: Make the folders it stands in where they are missing.
        """
        self._check_size(len(data), path)
        place = self.resolved(path)
        if folders:
            self._make(place.parent, path)
        with self._telling(path), self._beside(place) as (name, at):
            mode = _mode(name, at)
            if mode is not None:
                self._check_replaced(mode, path, replace=replace)
            new = _sibling(name, f".{secrets.token_hex(8)}.part")
            try:
                _write(new, data, at, mode)
                if backup and mode is not None:
                    _keep(name, at)
                _put(new, name, at, replace=replace)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(new, dir_fd=at)

    def write_text(
        self,
        path: Given,
        text: str,
        *,
        encoding: str = "utf-8",
        backup: bool = False,
        replace: bool = True,
        folders: bool = False,
    ) -> None:
        """Write text as `write_bytes` does, its line ends as they are."""
        data = self.encoded(text, encoding=encoding)
        self.write_bytes(path, data, backup=backup, replace=replace, folders=folders)

    def encoded(self, text: str, *, encoding: str = "utf-8") -> bytes:
        """Text as bytes, or in words why not."""
        try:
            return text.encode(encoding)
        except LookupError:
            raise ToolError(f"There is no encoding {encoding!r}.", hint="Try utf-8.") from None
        except UnicodeEncodeError as problem:
            letter = text[problem.start : problem.start + 1]
            raise ToolError(
                f"{letter!r} at {problem.start} cannot be written as {encoding}.",
                hint="Use utf-8.",
            ) from None

    def append_bytes(self, path: Given, data: bytes, *, folders: bool = False) -> None:
        """Add to the end of a file, which is made where there is none."""
        place = self.resolved(path)
        if folders:
            self._make(place.parent, path)
        with self._telling(path), self._beside(place) as (name, at):
            mode = _mode(name, at)
            if mode is not None:
                self._check_replaced(mode, path, replace=True)
            with os.fdopen(os.open(name, _AS_LONGER, 0o666, dir_fd=at), "ab") as opened:
                self._check_size(os.fstat(opened.fileno()).st_size + len(data), path)
                opened.write(data)

    def make_folder(self, path: Given) -> None:
        """Make a folder and those it stands in; one that is there is left alone."""
        self._make(self.resolved(path), path)

    def _make(self, place: Path, path: Given) -> None:
        root = self._root_of(place)
        if root is None:
            raise self._outside(path)

        with self._telling(path):
            for one in reversed([place, *place.parents]):
                if one == root or not one.is_relative_to(root):
                    continue
                with self._beside(one) as (name, at), suppress(FileExistsError):
                    os.mkdir(name, dir_fd=at)
            with self.opened(place):  # a file in its place is no folder
                pass

    def move(
        self, source: Given, target: Given, *, replace: bool = False, folders: bool = False
    ) -> None:
        """Move or rename a file or folder; a link is moved and not what it leads to."""
        old, new = self._itself(source), self.resolved(target)
        if folders:
            self._make(new.parent, target)
        if new.is_relative_to(old):
            raise ToolError(f"{self.shown(source)!r} cannot be moved into itself.")
        with self._telling(source), self._beside(old) as (name, at):
            mode = os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
            with self._telling(target), self._beside(new) as (other, there):
                taken = _mode(other, there)
                if taken is not None:
                    self._check_replaced(taken, target, replace=replace)
                if replace or not stat.S_ISREG(mode):
                    os.replace(name, other, src_dir_fd=at, dst_dir_fd=there)
                else:
                    _link_over(name, other, at, there)

    def delete(self, path: Given, *, contents: bool = False) -> None:
        """Delete a file, a link or an empty folder; with `contents` a folder with all in it."""
        place = self._itself(path)
        with self._telling(path), self._beside(place) as (name, at):
            mode = os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
            if not stat.S_ISDIR(mode):
                os.unlink(name, dir_fd=at)
            elif contents:
                shutil.rmtree(name, dir_fd=at)
            else:
                os.rmdir(name, dir_fd=at)

    def _itself(self, path: Given) -> Path:
        """The entry a path names, be it a link; what it leads to has to be inside, too."""
        self.resolved(path)
        place = self._followed(path, last=False)
        if place in self.roots:
            raise ToolDenied("The folder itself cannot be moved or deleted.")

        return place

    def _check_size(self, size: int, path: Given) -> None:
        most = self.limits.write_bytes
        if size > most:
            raise ToolError(
                f"{self.shown(path)!r} would have {size} bytes, more than the {most} allowed.",
                hint="Write less, or in several files.",
            )

    def _check_replaced(self, mode: int, path: Given, *, replace: bool) -> None:
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "")
        if stat.S_ISLNK(mode):  # since we looked
            raise self._outside(path)
        if not stat.S_ISREG(mode):
            raise ToolError(f"{self.shown(path)!r} is not an ordinary file.")
        if not replace:
            raise FileExistsError(errno.EEXIST, "")

    def walked(self, pattern: str = "**/*", *, under: Given = ".") -> Iterator[Entry]:
        """What is there and fits a pattern, in order of names, as long as one asks.

        Links that lead outside are left out; no link is gone through.

        Args:
            pattern: Relative, with `*`, `?`, `[…]`, and `**` for any folders.
            under: The folder the pattern begins in.
        """
        from mojentic_nb.tools.walking import walked

        return walked(self, pattern, under)

    def listed(self, pattern: str = "**/*", *, under: Given = ".") -> list[Path]:
        """All that `walked` finds, as paths.

        Raises:
            ToolError: There are more than the limit.
        """
        found: list[Path] = []
        for entry in self.walked(pattern, under=under):
            if len(found) == self.limits.entries:
                raise ToolError(
                    f"More than {self.limits.entries} entries fit {pattern!r}.",
                    hint="Narrow the pattern, or name a folder further down.",
                )
            found.append(entry.place)

        return found


def _mode(name: str, at: int | None) -> int | None:
    try:
        return os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None


def _sibling(name: str, new: str) -> str:
    return os.path.join(os.path.dirname(name), new)


def _write(name: str, data: bytes, at: int | None, mode: int | None) -> None:
    with os.fdopen(os.open(name, _AS_NEW, 0o666, dir_fd=at), "wb") as opened:
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(opened.fileno(), stat.S_IMODE(mode))
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def _keep(name: str, at: int | None) -> None:
    """Copy a file beside itself as `.bak`, whole or not at all."""
    copy = _sibling(name, f".{secrets.token_hex(8)}.part")
    try:
        with (
            os.fdopen(os.open(name, _AS_FILE, dir_fd=at), "rb") as old,
            os.fdopen(os.open(copy, _AS_NEW, 0o600, dir_fd=at), "wb") as new,
        ):
            shutil.copyfileobj(old, new)
            if hasattr(os, "fchmod"):
                os.fchmod(new.fileno(), stat.S_IMODE(os.fstat(old.fileno()).st_mode))
        os.replace(copy, f"{name}.bak", src_dir_fd=at, dst_dir_fd=at)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(copy, dir_fd=at)


def _put(new: str, name: str, at: int | None, *, replace: bool) -> None:
    if replace:
        os.replace(new, name, src_dir_fd=at, dst_dir_fd=at)
    else:
        _link_over(new, name, at, at)


def _link_over(old: str, new: str, at: int | None, there: int | None) -> None:
    """Rename where nothing may be in the way, not even since we looked."""
    try:
        os.link(old, new, src_dir_fd=at, dst_dir_fd=there, follow_symlinks=False)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a disk without links
        os.rename(old, new, src_dir_fd=at, dst_dir_fd=there)
    else:
        os.unlink(old, dir_fd=at)
