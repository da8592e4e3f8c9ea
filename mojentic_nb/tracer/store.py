"""A trace's file: SQLite, written ahead, shared by threads and by kernels.

Law: each batch is one transaction, which other kernels wait for and never lose. Questions
can only read. Whoever catches `StoreTrouble` goes on in memory.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import timedelta
from operator import attrgetter
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mojentic_nb.errors import BadArgument, TraceError
from mojentic_nb.tracer import ddl, packing, retention
from mojentic_nb.tracer.connections import Connections
from mojentic_nb.tracer.migrations import KEEPER, StoreTrouble, check
from mojentic_nb.tracer.rows import Batch, MessageRow
from mojentic_nb.tracer.span import COLUMNS, Span

__all__ = ["Store", "StoreTrouble"]

Again = Callable[[list[bytes]], Sequence[MessageRow]]

_ROWS = [
    (
        name,
        ddl.insert(table, kind, otherwise=otherwise),
        attrgetter(*(one.name for one in fields(kind))),
    )
    for name, table, kind, otherwise in ddl.ROWS
]
_, _INSERT_MESSAGE, _MESSAGE_VALUES = _ROWS[0]
_KNOWN_COLUMNS = frozenset((*COLUMNS, "seq"))
_MESSAGE = "SELECT hash, parent, role, text, parts, n_chars, n_tokens FROM message"

# Values of one question; SQLite took 999 until 3.32.
_AT_ONCE = 900
# Steps of SQLite's machine between two looks at whether somebody interrupts.
_STEPS = 100_000

# What SQLite says of a question that would write.
_WRITES = ("not authorized", "prohibited", "authorization denied", "cannot modify")

# All that a question may do; anything else could write, or open another file.
_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}


class Store:
    """A trace in a file.

    Args:
        path: Where; the file and its folders are made, readable for this user alone.
            `:memory:` for none.

    Raises:
        StoreTrouble: It cannot be made or opened, is no trace, or a newer one's.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self._lines = Connections(path)
        self.path = self._lines.path
        self.shown = self._lines.shown

    def __repr__(self) -> str:
        return f"Store({self.shown!r})"

    # writing ----------------------------------------------------------------

    def write(self, batch: Batch, *, again: Again | None = None) -> None:
        """Write a batch, all of it or nothing.

        Args:
            batch: A span that is there is written anew; of the rest, what is there stays.
            again: Gives messages that spans refer to and the file no longer has, as
                `Content.again` does: somebody else may have pruned it.

        Raises:
            StoreTrouble: It could not be written.
        """
        with self._lines.transaction() as line:
            for name, statement, values in _ROWS:
                if rows := getattr(batch, name):
                    _put(line, statement, [values(row) for row in rows])
            if batch.spans:
                packing.put_spans(line, batch.spans, batch.messages)
            if again is not None and (missing := _missing(line, batch)):
                _put(line, _INSERT_MESSAGE, [_MESSAGE_VALUES(row) for row in again(missing)])

    def prune(
        self,
        older_than: str | float | timedelta | None = None,
        max_mb: float | None = None,
        *,
        now_ns: int | None = None,
    ) -> int:
        """Delete old traces, whole, and what only they needed.

        Args:
            older_than: Such as `30d`, `12h`, `90min`; a number of seconds; a timedelta.
            max_mb: Bound on the file, in megabytes of 1 000 000 bytes: the oldest go first.
            now_ns: Epoch nanoseconds to count from; None for now.

        Returns:
            How many spans went.

        Raises:
            BadArgument: An age or bound is impossible.
        """
        if max_mb is not None and not max_mb >= 0:
            raise BadArgument(f"max_mb={max_mb!r} is no size.", hint="Write 500.")

        gone = 0
        if older_than is not None:
            now = time.time_ns() if now_ns is None else now_ns
            before = now - int(retention.age_s(older_than) * 1e9)
            with self._lines.transaction() as line:
                gone += retention.forget_before(line, before)
        if max_mb is not None:
            with self._lines.transaction() as line:
                gone += retention.forget_oldest(line, max_mb * 1e6)
        if gone:
            self._shrink()

        return gone

    def clear(self) -> None:
        """Delete everything, and give the room back."""
        with self._lines.transaction() as line:
            for table in ddl.TABLES:
                line.execute(f"DELETE FROM {table}")
        self._shrink()

    def _shrink(self) -> None:
        with suppress(StoreTrouble):  # somebody else reads just now; the room is used again
            self.vacuum()

    def vacuum(self) -> None:
        """Give room that is no longer used back to the disk.

        Raises:
            StoreTrouble: Somebody else is at work with the file.
        """
        with self._lines.writer() as line:
            line.execute("VACUUM")
            line.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def attach(self, path: str | PathLike[str]) -> int:
        """Add the spans of another trace's file, which is only read; how many were new.

        Raises:
            StoreTrouble: There is no trace, or it is newer than this mojentic_nb.
        """
        other = Path(path).expanduser().absolute()
        with KEEPER.telling(str(other)):
            check(other)
        with self._lines.writer() as line:
            line.execute("ATTACH DATABASE ? AS other", (f"file:{quote(str(other))}?mode=ro",))
            try:
                with self._lines.transaction():
                    return retention.merge(line, "other")
            finally:
                line.execute("DETACH DATABASE other")

    # reading ----------------------------------------------------------------

    def columns(
        self, names: Sequence[str], *, where: str = "", parameters: Sequence[Any] = ()
    ) -> dict[str, list[Any]]:
        """Columns of the spans, by start.

        Args:
            names: Of `COLUMNS`, or `seq`.
            where: Of SQL, without the word; from this package only.
            parameters: What its question marks stand for.

        Raises:
            BadArgument: There is no such column.
        """
        unknown = [name for name in names if name not in _KNOWN_COLUMNS]
        if unknown or not names:
            raise BadArgument(f"A span has no columns {unknown}.", hint=f"{', '.join(COLUMNS)}.")

        with self._lines.snapshot() as line:
            return packing.read_columns(line, names, where, parameters)

    def spans(self, where: str = "", parameters: Sequence[Any] = ()) -> list[Span]:
        """Spans, by start; `where` as for `columns`."""
        found = self.columns([*COLUMNS, "seq"], where=where, parameters=parameters)
        rows = zip(*found.values(), strict=True)
        return [Span(**dict(zip(found, row, strict=True))) for row in rows]

    def message(self, row_hash: bytes) -> MessageRow | None:
        """One message."""
        return self.messages([row_hash]).get(row_hash)

    def messages(self, hashes: Iterable[bytes]) -> dict[bytes, MessageRow]:
        """Messages by their hash, those that are there."""
        return self._messages(hashes, _MESSAGE + " WHERE hash IN ({})")

    def reachable(self, tips: Iterable[bytes]) -> dict[bytes, MessageRow]:
        """Whole conversations by the tips of their chains, in one question."""
        return self._messages(
            tips,
            "WITH RECURSIVE walk (hash) AS (SELECT hash FROM message WHERE hash IN ({})"
            " UNION SELECT parent FROM walk JOIN message USING (hash) WHERE parent IS NOT NULL) "
            + _MESSAGE
            + " WHERE hash IN (SELECT hash FROM walk)",
        )

    def _messages(self, hashes: Iterable[bytes], query: str) -> dict[bytes, MessageRow]:
        wanted = list(dict.fromkeys(hashes))
        found: dict[bytes, MessageRow] = {}
        with self._lines.reader() as line:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                for row in line.execute(query.format(", ".join("?" * len(some))), some):
                    found[row[0]] = MessageRow(*row)

        return found

    def count(self) -> int:
        """How many spans there are."""
        with self._lines.reader() as line:
            found: int = line.execute("SELECT count(*) FROM span_own").fetchone()[0]
            return found

    def sql(
        self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Ask a question in SQL; it can only read.

        Args:
            query: One SELECT; of the tables and of `v_calls`, `v_tools`, `v_messages`.
            parameters: What its question marks or names stand for.

        Returns:
            The names of the columns, and the rows.

        Raises:
            TraceError: SQLite does not understand it, or it would do more than read.
            KeyboardInterrupt: It was interrupted.
        """
        with self._lines.reader() as line:
            line.set_authorizer(_only_reading)
            line.set_progress_handler(_go_on, _STEPS)
            try:
                asked = line.execute(query, parameters)
                return [one[0] for one in asked.description or ()], asked.fetchall()
            except (sqlite3.Error, sqlite3.Warning) as problem:
                failed = _query_trouble(str(problem))
            finally:
                line.set_authorizer(None)
                line.set_progress_handler(None, 0)

        raise failed

    @property
    def size_bytes(self) -> int:
        """What it takes on the disk, with its journals; in memory, what its tables take."""
        if self.path is None:
            with self._lines.reader() as line:
                return retention.used_bytes(line)

        files = (Path(f"{self.path}{end}") for end in ("", "-wal", "-shm"))
        return sum(file.stat().st_size for file in files if file.exists())

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()


def _put(line: sqlite3.Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Write rows; one value that no table takes must not cost a whole batch."""
    try:
        line.executemany(statement, rows)
    except packing.UNFIT:
        # Written twice, a row is there once: scores apart, which are all of ours.
        line.executemany(statement, [tuple(packing.fitting(row)) for row in rows])


def _missing(line: sqlite3.Connection, batch: Batch) -> list[bytes]:
    """Messages that the batch builds on and the file has not."""
    wanted = {row.parent for row in batch.messages}
    for span in batch.spans:
        wanted.update((span.in_tip, span.out_tip))

    known = {row.hash for row in batch.messages}
    query = "SELECT 1 FROM message WHERE hash = ?"
    return [
        one
        for one in wanted
        if one is not None and one not in known and line.execute(query, (one,)).fetchone() is None
    ]


def _only_reading(action: int, *_: Any) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _go_on() -> int:
    """Nothing; but while it is called, Python sees that somebody interrupts."""
    return 0


def _query_trouble(told: str) -> BaseException:
    if told == "interrupted":
        return KeyboardInterrupt()
    if any(word in told for word in _WRITES):
        return TraceError("A question to the trace can only read.", hint="Write one SELECT.")

    tables = ", ".join((*ddl.TABLES, *ddl.VIEWS))
    return TraceError(
        f"The trace does not understand the question: {told}.", hint=f"It has {tables}."
    )
