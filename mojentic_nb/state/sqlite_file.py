"""The file of the kept conversations: made, brought up to date, shared, and let go of.

Law: a file that is not ours, damaged, or newer is left as it is, and its owner told. What
was written is on the disk before the writer goes on. No connection crosses a fork: SQLite
would take its locks for held in both processes. SQLite's errors become ours.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any
from weakref import WeakSet

from mojentic_nb import sqlite_opening as opening
from mojentic_nb.errors import StateError
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
        self._lock = threading.RLock()
        self._is_closed = False
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        with self._told():
            self._open()
        if self.path is not None:
            _files.add(self)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Make SQLite's errors and the system's ours, without their frames."""
        try:
            yield
            return
        except (sqlite3.Error, OSError) as problem:
            trouble = _trouble(self.shown, problem)

        raise trouble from None

    @contextmanager
    def transaction(self, kind: str) -> Iterator[SQLiteLine]:
        """All of the block is written, or nothing; `kind` is DEFERRED to read, else IMMEDIATE.

        Raises:
            StateError: It could not be, or the file is closed.
        """
        with self._lock, self._told():
            line = self._ready()
            line.execute(f"BEGIN {kind}")
            try:
                yield SQLiteLine(line)
                line.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself where the disk is full.
                if line.in_transaction:
                    line.execute("ROLLBACK")
                raise

    def _ready(self) -> sqlite3.Connection:
        """The connection, opened again after a fork or where the file was taken away."""
        if self._is_closed:
            raise StateError(f"The sessions in {self.shown} are closed.", hint="Open them anew.")

        is_gone = self.path is not None and self._identity != _identity(self.path)
        if self._connection is None or is_gone:
            self._let_go()
            self._open()

        assert self._connection is not None
        return self._connection

    def _open(self) -> None:
        self._connection = _opened(self.path, self.shown)
        self._identity = None if self.path is None else _identity(self.path)

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def tidy(self) -> None:
        """Take what was deleted out of the journal too, unless somebody reads it just now."""
        with self._lock, self._told():
            line = self._ready()
            line.execute("PRAGMA busy_timeout = 0")
            try:
                line.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                line.execute(f"PRAGMA busy_timeout = {opening.patience_ms()}")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, self._told():
            self._is_closed = True
            self._let_go()

    def __del__(self) -> None:
        if getattr(self, "_connection", None) is not None:
            self._let_go()

    def before_fork(self) -> None:
        """Wait for the other threads, and let go."""
        self._lock.acquire()
        self._let_go()

    def after_fork(self) -> None:
        """In the parent: go on."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """In the child: none of the other threads is here."""
        self._lock = threading.RLock()


_files: WeakSet[SQLiteFile] = WeakSet()
_held: list[SQLiteFile] = []


def _before_fork() -> None:
    _held[:] = _files
    for file in _held:
        file.before_fork()


def _after_fork() -> None:
    for file in _held:
        file.after_fork()
    _held.clear()


def _after_fork_in_child() -> None:
    for file in _held:
        file.after_fork_in_child()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork,
        after_in_child=_after_fork_in_child,
    )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None

    return found.st_dev, found.st_ino


def _trouble(shown: str, problem: BaseException) -> StateError:
    """What SQLite or the system said, as ours."""
    return StateError(f"The sessions in {shown}: {problem}.", hint=opening.hint_of(problem))


def _opened(path: Path | None, shown: str) -> sqlite3.Connection:
    if path is None:
        line = opening.in_memory()
        _bring_up_to_date(line, shown)
        return line

    opening.make_private(path)
    if opening.is_foreign(path):
        raise _foreign(shown)

    line = opening.connected(path, "rw")
    try:
        _bring_up_to_date(line, shown)
        _write_ahead(line, shown)
    except BaseException:
        line.close()
        raise

    return line


def _foreign(shown: str) -> StateError:
    return StateError(
        f"{shown} keeps no sessions; it is left as it is.", hint="Give another path for them."
    )


def _bring_up_to_date(line: sqlite3.Connection, shown: str) -> None:
    if _is_current(line, shown):
        return

    with opening.alone(line):
        # Another kernel may have done it while this one waited.
        if not _is_current(line, shown):
            for statement in making({table: opening.columns_of(line, table) for table in TABLES}):
                line.execute(statement)
            line.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            line.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _is_current(line: sqlite3.Connection, shown: str) -> bool:
    """Whether a file has all that this version writes."""
    if not _value(line, "PRAGMA schema_version") and not _value(line, "PRAGMA application_id"):
        return False
    if _value(line, "PRAGMA application_id") != APPLICATION_ID:
        raise _foreign(shown)

    version = _value(line, "PRAGMA user_version")
    if version > SCHEMA_VERSION:
        raise StateError(
            f"The sessions in {shown} were kept by a newer mojentic_nb: their version is"
            f" {version}, and this one knows {SCHEMA_VERSION}. They are left as they are.",
            hint="Upgrade mojentic_nb, or give another path.",
        )

    return version == SCHEMA_VERSION


def _value(line: sqlite3.Connection, question: str) -> int:
    return int(opening.value_of(line, question))


def _write_ahead(line: sqlite3.Connection, shown: str) -> None:
    if not opening.write_ahead(line):
        raise StateError(
            f"The sessions in {shown} are on a file system without shared memory, as network"
            " folders are: several kernels could spoil them.",
            hint="Give a path on a local disk, or keep them in PostgreSQL.",
        )
    # An exchange takes seconds to come by, and a hundredth of one to be on the disk for good.
    line.execute("PRAGMA synchronous = FULL")
    # What a person deletes is gone: overwritten, not only unlisted.
    line.execute("PRAGMA secure_delete = ON")
