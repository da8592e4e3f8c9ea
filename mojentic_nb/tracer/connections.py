"""The two ways into a trace's file: one that writes, one that can only read.

Law: each thread waits here for its turn; reading waits for no writer. A connection never
crosses a fork. A file that was taken away is made anew. SQLite's errors become ours.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from mojentic_nb.sqlite_opening import (
    MEMORY,
    connected,
    identity,
    leave_to_parent,
    transaction,
)
from mojentic_nb.tracer.migrations import KEEPER, StoreTrouble

__all__ = ["Connections"]


class Connections:
    """The connections to one file.

    Args:
        path: Where; `:memory:` for none.

    Raises:
        StoreTrouble: It cannot be made or opened, is no trace, or a newer one's.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        is_memory = os.fspath(path) == MEMORY
        self.path = None if is_memory else Path(path).expanduser().absolute()
        self.shown = MEMORY if self.path is None else str(self.path)
        self._is_closed = False
        self._begin()
        with KEEPER.telling(self.shown):
            self._open()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._writing, self._reading = threading.RLock(), threading.RLock()
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def _open(self) -> None:
        self._writer = KEEPER.opened(self.path, self.shown)
        if self.path is not None:
            self._reader = connected(self.path, "ro")
            self._file = identity(self.path)

    def _ready(self) -> None:
        """Open it again where that is needed."""
        if self._is_closed:
            raise StoreTrouble(f"The trace {self.shown} is closed.", hint="Make a new one.")
        if self._process != os.getpid():
            leave_to_parent(self._writer, self._reader)
            self._begin()
        if self._is_in_place():
            return

        with self._writing, self._reading:
            if not self._is_in_place():
                self._let_go()
                self._open()

    def _is_in_place(self) -> bool:
        if self._writer is None:
            return False

        return self.path is None or self._file == identity(self.path)

    @contextmanager
    def writer(self) -> Iterator[sqlite3.Connection]:
        """The connection that writes, for this thread alone."""
        with KEEPER.telling(self.shown):
            self._ready()
            with self._writing:
                assert self._writer is not None
                yield self._writer

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The same within one transaction: all of the block is written, or nothing."""
        with self.writer() as line, transaction(line, "IMMEDIATE"):
            yield line

    @contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """The connection that reads, for this thread alone; in memory there is only one."""
        with KEEPER.telling(self.shown):
            self._ready()
            with self._writing if self.path is None else self._reading:
                line = self._writer if self.path is None else self._reader
                assert line is not None
                yield line

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """The same for several questions, between which nobody else's writing is seen."""
        with self.reader() as line:
            line.execute("BEGIN")
            try:
                yield line
            finally:
                if line.in_transaction:
                    line.execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the file."""
        self._is_closed = True
        if self._process == os.getpid():
            with self._writing, self._reading, KEEPER.telling(self.shown):
                self._let_go()

    def _let_go(self) -> None:
        for line in (self._reader, self._writer):
            if line is not None:
                line.close()
        self._reader = self._writer = None

    def __del__(self) -> None:
        if getattr(self, "_process", None) == os.getpid():
            self._let_go()
