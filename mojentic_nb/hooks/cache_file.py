"""The file of a response cache: one SQLite table, shared by threads and by kernels.

Law: a file that is not ours is only ever read, and left alone. Each change is one short
transaction, so that nobody waits long for anybody. SQLite's errors become ours here.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from os import PathLike
from pathlib import Path

from mojentic_nb.errors import CacheError

__all__ = ["CacheFile"]

# In the file's header: "mjnb", and the version of the tables below.
APPLICATION_ID = 0x6D6A6E62
SCHEMA_VERSION = 1

# Seconds to wait for another kernel's transaction, which takes a thousandth of that.
PATIENCE_S = 5.0

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
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)


class CacheFile:
    """The table and its bounds; see `ResponseCache`."""

    def __init__(
        self, path: str | PathLike[str] | None, *, max_entries: int, max_bytes: int
    ) -> None:
        self.shown = "in memory" if path is None else os.fspath(path)
        self._path = None if path is None else Path(path).absolute()
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._line: sqlite3.Connection | None = None
        self._process = os.getpid()
        self._is_closed = False
        with self._told():
            self._line = self._opened()

    def _opened(self) -> sqlite3.Connection:
        if self._path is None:
            line = _connected(":memory:")
            _make(line)
            return line

        if self._path.is_file() and self._path.stat().st_size:
            with self._path.open("rb") as file:
                if file.read(16) != b"SQLite format 3\0":
                    raise self._foreign()

        line = _connected(str(self._path))
        try:
            self._make_or_check(line)
        except BaseException:
            line.close()
            raise

        return line

    def _make_or_check(self, line: sqlite3.Connection) -> None:
        if not _value(line, "PRAGMA schema_version") and not _value(line, "PRAGMA application_id"):
            with line:
                line.execute("BEGIN IMMEDIATE")
                # Another kernel may have made it while this one waited.
                if not _value(line, "PRAGMA schema_version"):
                    _make(line)

        if _value(line, "PRAGMA application_id") != APPLICATION_ID:
            raise self._foreign()

        version = _value(line, "PRAGMA user_version")
        if version != SCHEMA_VERSION:
            raise CacheError(
                f"The response cache {self.shown} is of version {version}, not {SCHEMA_VERSION}.",
                hint="Another mojentic_nb made it: give another path, or delete it.",
            )

        _value(line, "SELECT entries FROM totals")
        line.execute("PRAGMA journal_mode = WAL")
        line.execute("PRAGMA synchronous = NORMAL")

    def _foreign(self) -> CacheError:
        return CacheError(
            f"{self.shown} is no response cache; it is left as it is.",
            hint="Give another path to ResponseCache.",
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Make SQLite's errors ours, without their frames."""
        try:
            yield
            return
        except (sqlite3.Error, OSError) as problem:
            told = str(problem)

        if "readonly" in told or "unable to open" in told or "Permission" in told:
            hint = "Give a path in a folder that exists and may be written to."
        elif "locked" in told:
            hint = "Another program holds it: ask again, or give another path."
        elif "full" in told:
            hint = "Make room on the disk, or give ResponseCache another path."
        else:
            hint = "It may be damaged: give another path, or delete it and begin afresh."
        raise CacheError(f"The response cache {self.shown}: {told}.", hint=hint)

    @contextmanager
    def _open_line(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._told():
            if self._is_closed:
                raise CacheError(f"The response cache {self.shown} is closed.")
            # A connection must not be used on the other side of a fork.
            if self._line is None or self._process != os.getpid():
                self._process, self._line = os.getpid(), self._opened()

            yield self._line

    def get(self, digest: bytes, now: float) -> tuple[bytes, float] | None:
        """What is kept under a digest, and when it was made."""
        with self._open_line() as line:
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

        with self._open_line() as line, line:
            line.execute("BEGIN IMMEDIATE")
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
        with self._open_line() as line:
            entries, size = line.execute("SELECT entries, bytes FROM totals").fetchone()
            return entries, size

    def clear(self) -> None:
        """Forget all of them, and give the room back."""
        with self._open_line() as line:
            line.execute("DELETE FROM answers")
            with suppress(sqlite3.OperationalError):  # somebody else reads just now
                line.execute("VACUUM")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._is_closed = True
            if self._line is not None and self._process == os.getpid():
                self._line.close()
            self._line = None

    def __del__(self) -> None:
        line = getattr(self, "_line", None)
        if line is not None and self._process == os.getpid():
            line.close()


def _connected(where: str) -> sqlite3.Connection:
    return sqlite3.connect(where, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False)


def _make(line: sqlite3.Connection) -> None:
    for statement in _TABLES:
        line.execute(statement)


def _value(line: sqlite3.Connection, question: str) -> int:
    with closing(line.execute(question)) as found:
        value: int = found.fetchone()[0]
        return value
