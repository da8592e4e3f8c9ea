"""From an answer's pieces to snapshots of the object it is becoming.

Law: deterministic: the same pieces give the same snapshots, whatever the time. There are
fewer of them the longer the text is, so that the whole stays linear.
"""

from __future__ import annotations

from typing import Any

from mojentic_nb.partial.document import UNSET, Document
from mojentic_nb.partial.free_text import is_free_text
from mojentic_nb.partial.makers import maker_of
from mojentic_nb.schema import Shape

__all__ = ["Growth"]

# A snapshot whenever the text has grown by 1/50: one for each piece of a short answer, one
# for 60 letters of a page, about 350 for 100 kB. A snapshot copies its lists, so one for
# each of n pieces would cost n squared.
SNAPSHOTS = 50


class Growth:
    """An object that is being written.

    Args:
        shape: What it has to become.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._maker = maker_of(shape.target, is_wrapped=shape.is_wrapped)
        self.restart()

    def restart(self) -> None:
        """Another answer begins."""
        self._document = Document()
        self._waiting: list[str] = []
        self._waiting_size = 0
        self._size = 0
        self._due = 0
        self._shown: tuple[int, int] = (0, 0)
        self._free: tuple[int, bool] = (-1, False)

    @property
    def letters_read(self) -> int:
        """Letters of this answer looked at so far, repeats included."""
        return self._document.letters_read

    def add(self, piece: str) -> bool:
        """A piece has come; whether there is more to see than before."""
        self._waiting.append(piece)
        self._waiting_size += len(piece)
        if self._waiting_size < self._due:
            return False

        self._read()
        return self._is_new()

    def _read(self) -> None:
        self._document.feed("".join(self._waiting))
        self._waiting.clear()
        self._size += self._waiting_size
        self._waiting_size = 0
        self._due = self._size // SNAPSHOTS

    def _is_new(self) -> bool:
        document = self._document
        seen = (document.finished, len(document.half or "") if self._shows_half() else 0)
        if seen == self._shown:
            return False

        self._shown = seen
        return document.root is UNSET

    def _shows_half(self) -> bool:
        document = self._document
        if not document.half:
            return False
        if self._free[0] != document.finished:  # else it is the same string still
            self._free = document.finished, is_free_text(self._schema(), document.path)

        return self._free[1]

    def _schema(self) -> dict[str, Any]:
        path = self._document.path
        is_bare = self._shape.is_wrapped and path and isinstance(path[0].value, list)
        return self._shape.inner() if is_bare else self._shape.schema

    def value(self) -> Any:
        """The object so far; `UNSET` where nothing of it can be shown yet."""
        self._read()
        document = self._document
        if not document.path:
            return UNSET if document.root is UNSET else self._maker.whole(document.root)

        half = document.half if self._shows_half() else UNSET
        return self._maker.grown(document.path, half)
