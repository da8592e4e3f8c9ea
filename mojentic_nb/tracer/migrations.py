"""Opening a trace's file: made where there is none, brought up to date where it is older.

Law: a file that is not ours, damaged, or newer is left as it is, and its owner told. All
that changes tables happens in one exclusive transaction, which looks again first: many
kernels may open one old file at once.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mojentic_nb import sqlite_opening as opening
from mojentic_nb.errors import TraceError
from mojentic_nb.tracer.ddl import (
    APPLICATION_ID,
    INDEXES,
    SCHEMA_VERSION,
    TABLES,
    VIEWS,
)
from mojentic_nb.tracer.packing import take_plain

__all__ = [
    "StoreTrouble",
    "check",
    "opened",
    "trouble_of",
]


class StoreTrouble(TraceError):
    """A trace's file cannot be used, or no longer; the trace can go on in memory."""


def trouble_of(shown: str, problem: BaseException) -> StoreTrouble:
    """What SQLite or the system said, as ours."""
    return StoreTrouble(f"The trace {shown}: {problem}.", hint=opening.hint_of(problem))


def opened(path: Path | None, shown: str) -> sqlite3.Connection:
    """A connection to a trace that is in order; None for one in memory.

    Raises:
        StoreTrouble: The file is no trace, or newer than this mojentic_nb.
        sqlite3.Error: SQLite cannot read or make it.
        OSError: Nor can the system.
    """
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


def _foreign(shown: str) -> StoreTrouble:
    return StoreTrouble(
        f"{shown} is no trace; it is left as it is.", hint="Give another path for the trace."
    )


def check(path: Path) -> None:
    """Make sure that a file is a trace that this version can read, without changing it.

    Raises:
        StoreTrouble: It is not.
        sqlite3.Error: SQLite cannot read it.
    """
    with closing(opening.connected(path, "ro")) as line:
        if not _is_current(line, str(path)) and not opening.columns_of(line, "span"):
            raise _foreign(str(path))


def _bring_up_to_date(line: sqlite3.Connection, shown: str) -> None:
    if _is_current(line, shown):
        return

    with opening.alone(line):
        # Another kernel may have done it while this one waited.
        if not _is_current(line, shown):
            _make(line)


def _is_current(line: sqlite3.Connection, shown: str) -> bool:
    """Whether a file has all that this version writes.

    Raises:
        StoreTrouble: It is somebody else's, or newer.
    """
    if not _value(line, "PRAGMA schema_version") and not _value(line, "PRAGMA application_id"):
        return False
    if _value(line, "PRAGMA application_id") != APPLICATION_ID:
        raise _foreign(shown)

    version = _value(line, "PRAGMA user_version")
    if version > SCHEMA_VERSION:
        raise StoreTrouble(
            f"The trace {shown} was made by a newer mojentic_nb: its version is {version},"
            f" and this one knows {SCHEMA_VERSION}. It is left as it is.",
            hint="Upgrade mojentic_nb, or give another path.",
        )

    return version == SCHEMA_VERSION and all(
        set(columns) <= set(opening.columns_of(line, table)) for table, columns in TABLES.items()
    )


def _make(line: sqlite3.Connection) -> None:
    """Add what is missing; what is there stays."""
    views = "SELECT name FROM sqlite_master WHERE type = 'view'"
    for (name,) in line.execute(views).fetchall():
        if name in VIEWS:
            line.execute(f"DROP VIEW {name}")
    for table, columns in TABLES.items():
        known = opening.columns_of(line, table)
        if not known:
            told = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            line.execute(f"CREATE TABLE {table} ({told})")
            continue
        for name, kind in columns.items():
            if name not in known:
                line.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")

    if known := opening.columns_of(line, "span"):
        # The first version kept spans in full in one table.
        take_plain(line, "main.span", known, keeps_place=True)
        line.execute("DROP TABLE span")

    for name, place in INDEXES.items():
        line.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {place}")
    for name, query in VIEWS.items():
        line.execute(f"CREATE VIEW {name} AS {query}")

    line.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    line.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _write_ahead(line: sqlite3.Connection, shown: str) -> None:
    if not opening.write_ahead(line):
        raise StoreTrouble(
            f"The trace {shown} is on a file system without shared memory, as network folders"
            " are: several kernels could spoil it.",
            hint="Give a path on a local disk.",
        )
    line.execute("PRAGMA synchronous = NORMAL")
    line.execute("PRAGMA foreign_keys = ON")


def _value(line: sqlite3.Connection, question: str) -> int:
    return int(opening.value_of(line, question))
