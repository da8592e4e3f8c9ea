"""The file of the kept conversations: made, brought up to date, shared, and let go of.

Law: a file that is not ours, damaged, or newer is left as it is, and its owner told. What
was written is on the disk before the writer goes on. No connection crosses a fork: SQLite
would take its locks for held in both processes. SQLite's errors become ours.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from mojentic_nb import sqlite_opening as opening
from mojentic_nb.errors import StateError
from mojentic_nb.sqlite_sharing import SharedFile
from mojentic_nb.state.tables import SCHEMA_VERSION, TABLES, making

__all__ = ["SQLiteFile", "SQLiteLine"]

# In the file's header: "mjst"; the version of the tables stands beside it.
APPLICATION_ID = 0x6D6A7374


class SQLiteLine:
    """One connection, as the tables' keeper asks it."""

    # A transaction that writes is the only one of its kind in the file.
    for_update = ""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement; what it found."""
        return self._connection.execute(query, tuple(values)).fetchall()

    def many(self, statement: str, values: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each of these."""
        self._connection.executemany(statement, values)

    def claim(self) -> None:
        """Nothing: nobody else writes anyway."""


class SQLiteFile:
    """A file, for all threads of this process.

    Args:
        path: Where; `:memory:` for none.

    Raises:
        StateError: It cannot be made or opened, is not ours, or newer than this mojentic_nb.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        is_memory = os.fspath(path) == opening.MEMORY
        self.path = None if is_memory else Path(path).expanduser().absolute()
        self.shown = opening.MEMORY if self.path is None else str(self.path)
        self._file = SharedFile(KEEPER, self.path, self.shown)

    @contextmanager
    def transaction(self, kind: str) -> Iterator[SQLiteLine]:
        """All of the block is written, or nothing; `kind` is DEFERRED to read, else IMMEDIATE.

        Raises:
            StateError: It could not be, or the file is closed.
        """
        with self._file.held() as connection, opening.transaction(connection, kind) as line:
            yield SQLiteLine(line)

    def tidy(self) -> None:
        """Take what was deleted out of the journal too, unless somebody reads it just now."""
        with self._file.held() as line:
            line.execute("PRAGMA busy_timeout = 0")
            try:
                line.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                line.execute(f"PRAGMA busy_timeout = {opening.patience_ms()}")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _make(line: sqlite3.Connection) -> None:
    for statement in making({table: opening.columns_of(line, table) for table in TABLES}):
        line.execute(statement)


KEEPER = opening.Keeper(
    what="The sessions in",
    error=StateError,
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    make=_make,
    begins=(
        # An exchange takes seconds to come by, and a hundredth of one to be on the disk for good.
        "PRAGMA synchronous = FULL",
        # What a person deletes is gone: overwritten, not only unlisted.
        "PRAGMA secure_delete = ON",
    ),
    otherwise="Or keep them in PostgreSQL.",
)
