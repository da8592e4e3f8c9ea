"""A trace's file: made where there is none, brought up to date where it is older.

Law: adds what is missing; what is there stays. How a file is opened, and told from others, is
the same for all that is kept in SQLite.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mojentic_nb.errors import TraceError
from mojentic_nb.sqlite_opening import Keeper, columns_of, connected
from mojentic_nb.tracer.ddl import (
    APPLICATION_ID,
    INDEXES,
    SCHEMA_VERSION,
    TABLES,
    VIEWS,
)
from mojentic_nb.tracer.packing import take_plain

__all__ = ["KEEPER", "StoreTrouble", "check"]


class StoreTrouble(TraceError):
    """A trace's file cannot be used, or no longer; the trace can go on in memory."""


def check(path: Path) -> None:
    """Make sure that a file is a trace that this version can read, without changing it.

    Raises:
        StoreTrouble: It is not.
        sqlite3.Error: SQLite cannot read it.
    """
    with closing(connected(path, "ro")) as line:
        if not KEEPER.is_current(line, str(path)) and not columns_of(line, "span"):
            raise KEEPER.foreign(str(path))


def _is_whole(line: sqlite3.Connection) -> bool:
    return all(set(columns) <= set(columns_of(line, table)) for table, columns in TABLES.items())


def _make(line: sqlite3.Connection) -> None:
    """Add what is missing; what is there stays."""
    views = "SELECT name FROM sqlite_master WHERE type = 'view'"
    for (name,) in line.execute(views).fetchall():
        if name in VIEWS:
            line.execute(f"DROP VIEW {name}")
    for table, columns in TABLES.items():
        known = columns_of(line, table)
        if not known:
            told = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            line.execute(f"CREATE TABLE {table} ({told})")
            continue
        for name, kind in columns.items():
            if name not in known:
                line.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")

    if known := columns_of(line, "span"):
        # The first version kept spans in full in one table.
        take_plain(line, "main.span", known, keeps_place=True)
        line.execute("DROP TABLE span")

    for name, place in INDEXES.items():
        line.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {place}")
    for name, query in VIEWS.items():
        line.execute(f"CREATE VIEW {name} AS {query}")


KEEPER = Keeper(
    what="The trace",
    error=StoreTrouble,
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    make=_make,
    is_whole=_is_whole,
    begins=("PRAGMA synchronous = NORMAL", "PRAGMA foreign_keys = ON"),
)
