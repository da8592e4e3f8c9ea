"""A SQLite file that all threads of a process share by one connection.

Law: each thread waits for its turn and has it alone. No connection crosses a fork: SQLite
would take its locks for held in both processes. A file that was taken away is made anew.
What goes wrong is told as the file's keeper tells it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mojentic_nb.forking import mind_forks
from mojentic_nb.sqlite_opening import Keeper, identity

__all__ = ["SharedFile"]


class SharedFile:
    """A file, open or to be opened when it is next wanted.

    Args:
        keeper: Knows what is in it.
        path: Where; None for one in memory.
        shown: What it is called in errors.

    Attributes:
        lock: Who has it, has the file.

    Raises:
        MojenticError: It cannot be made or opened; which one is its keeper's affair.
    """

    def __init__(self, keeper: Keeper, path: Path | None, shown: str) -> None:
        self._keeper = keeper
        self._path = path
        self._shown = shown
        self.lock = threading.RLock()
        self._line: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._is_closed = False
        with self.held():
            mind_forks(self)

    @contextmanager
    def held(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone; opened again where that is needed.

        Raises:
            MojenticError: The file is closed, or something went wrong with it.
        """
        with self.lock, self._keeper.telling(self._shown):
            yield self._ready()

    def _ready(self) -> sqlite3.Connection:
        if self._is_closed:
            raise self._keeper.closed(self._shown)
        if self._line is not None and self._is_in_place():
            return self._line

        self._let_go()
        self._line = self._keeper.opened(self._path, self._shown)
        self._identity = None if self._path is None else identity(self._path)
        return self._line

    def _is_in_place(self) -> bool:
        return self._path is None or self._identity == identity(self._path)

    def let_go(self) -> None:
        """Close it until it is wanted again; what is in memory is gone then."""
        with self.lock, self._keeper.telling(self._shown):
            self._let_go()

    def close(self) -> None:
        """Close it for good."""
        with self.lock:
            self._is_closed = True
            self.let_go()

    def _let_go(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def __del__(self) -> None:
        if getattr(self, "_line", None) is not None:
            self._let_go()

    def before_fork(self) -> None:
        """Wait for the other threads, and let go."""
        self.lock.acquire()
        if self._path is not None:
            self._let_go()

    def after_fork(self) -> None:
        """In the parent: go on."""
        self.lock.release()

    def after_fork_in_child(self) -> None:
        """In the child: none of the other threads is here."""
        self.lock = threading.RLock()
