"""The file of a response cache: one SQLite table, shared by threads and by kernels.

Law: a file that is not ours is only ever read, and left alone. Each change is one short
transaction, so that nobody waits long for anybody. SQLite's errors become ours.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from os import PathLike
from pathlib import Path

from mojentic_nb.errors import CacheError
from mojentic_nb.sqlite_opening import Keeper, transaction
from mojentic_nb.sqlite_sharing import SharedFile

__all__ = ["CacheFile"]

# In the file's header: "mjnb", and the version of the tables below.
APPLICATION_ID = 0x6D6A6E62
SCHEMA_VERSION = 1

# Triggers keep the totals, so that they hold whichever kernel writes, and cost no count.
_TABLES = (
    "CREATE TABLE answers (digest BLOB PRIMARY KEY, answer BLOB NOT NULL,"
    " made_at REAL NOT NULL, used_at REAL NOT NULL) WITHOUT ROWID",
    "CREATE INDEX answers_used ON answers (used_at)",
    "CREATE TABLE totals (entries INTEGER NOT NULL, bytes INTEGER NOT NULL)",
    "INSERT INTO totals VALUES (0, 0)",
    "CREATE TRIGGER counted_in AFTER INSERT ON answers BEGIN UPDATE totals"
    " SET entries = entries + 1, bytes = bytes + length(new.answer); END",
    "CREATE TRIGGER counted_out AFTER DELETE ON answers BEGIN UPDATE totals"
    " SET entries = entries - 1, bytes = bytes - length(old.answer); END",
)


class CacheFile:
    """The table and its bounds; see `ResponseCache`."""

    def __init__(
        self, path: str | PathLike[str] | None, *, max_entries: int, max_bytes: int
    ) -> None:
        self.shown = "in memory" if path is None else os.fspath(path)
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        place = None if path is None else Path(path).expanduser().absolute()
        self._file = SharedFile(KEEPER, place, self.shown)

    def get(self, digest: bytes, now: float) -> tuple[bytes, float] | None:
        """What is kept under a digest, and when it was made."""
        with self._file.held() as line:
            found: tuple[bytes, float] | None = line.execute(
                "SELECT answer, made_at FROM answers WHERE digest = ?", (digest,)
            ).fetchone()
            if found is not None:
                # Which one is used is only a hint for what may go first.
                with suppress(sqlite3.OperationalError):
                    line.execute("UPDATE answers SET used_at = ? WHERE digest = ?", (now, digest))

            return found

    def put(self, digest: bytes, answer: bytes, now: float) -> bool:
        """Keep an answer, and let the ones used longest ago go; whether there was room."""
        if len(answer) > self._max_bytes:
            return False

        with self._file.held() as held, transaction(held, "IMMEDIATE") as line:
            line.execute("DELETE FROM answers WHERE digest = ?", (digest,))
            line.execute("INSERT INTO answers VALUES (?, ?, ?, ?)", (digest, answer, now, now))
            self._make_room(line)

        return True

    def _make_room(self, line: sqlite3.Connection) -> None:
        while True:
            entries, size = line.execute("SELECT entries, bytes FROM totals").fetchone()
            if entries <= self._max_entries and size <= self._max_bytes:
                return

            line.execute(
                "DELETE FROM answers WHERE digest = "
                "(SELECT digest FROM answers ORDER BY used_at LIMIT 1)"
            )

    def totals(self) -> tuple[int, int]:
        """How many answers there are, and their size in bytes."""
        with self._file.held() as line:
            entries, size = line.execute("SELECT entries, bytes FROM totals").fetchone()
            return entries, size

    def clear(self) -> None:
        """Forget all of them, and give the room back."""
        with self._file.held() as line:
            line.execute("DELETE FROM answers")
            with suppress(sqlite3.OperationalError):  # somebody else reads just now
                line.execute("VACUUM")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _make(line: sqlite3.Connection) -> None:
    for statement in _TABLES:
        line.execute(statement)


KEEPER = Keeper(
    what="The response cache",
    error=CacheError,
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    make=_make,
    begins=("PRAGMA synchronous = NORMAL",),
    otherwise="Or keep it in memory, with ResponseCache().",
)
