"""Answers that were paid for, kept: a run that begins again asks only for what is missing.

Law: only answers are kept, never errors. A result is in the file a twentieth of a second after
it came, whatever happens to the process then. No text of a prompt is kept, only the key it
is known by. Where the file cannot be written the run goes on and says so once.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from mojentic_nb.batch.task import Result
from mojentic_nb.clock import SystemClock
from mojentic_nb.errors import StateError

__all__ = ["PATH", "ResultStore", "store_of"]

PATH = ".mojentic/results.db"

# In the file's header: "mjrs"; the version of the table below stands beside it.
APPLICATION_ID = 0x6D6A7273
SCHEMA_VERSION = 1

# Rows have ids, although keys are keys: in the order of random keys a table of texts takes
# several times as long to write.
TABLE = """CREATE TABLE IF NOT EXISTS result (
    key BLOB PRIMARY KEY, body TEXT NOT NULL, created_ns INTEGER NOT NULL
)"""

# Seconds: another process's transaction takes a hundredth of that.
PATIENCE_S = 5.0
# Seconds that results gather before they are written together: what a writing costs hardly
# grows with their number.
GATHER_S = 0.05
# SQLite takes 32 766 values in a statement; smaller ones keep a lookup short.
AT_ONCE = 500

# What is written of a result, with what goes without saying.
_KEPT = [
    (one.name, one.default)
    for one in fields(Result)
    if one.name not in ("key", "status", "stored", "cold")
]


class ResultStore:
    """Results in one SQLite file, for any number of threads and processes.

    Args:
        path: Where; folders are made.

    Raises:
        StateError: It cannot be made or opened, or is something else.
    """

    def __init__(self, path: str | PathLike[str] = PATH) -> None:
        self.path = Path(path).expanduser().absolute()
        self._lock = threading.RLock()
        self._waiting: list[tuple[bytes, str, int]] = []
        self._gathering = threading.Lock()
        self._is_writing = False
        self._is_broken = False
        self._line: sqlite3.Connection | None = None
        self._pid = os.getpid()
        with self.transaction():
            pass

    def __repr__(self) -> str:
        return f"ResultStore({str(self.path)!r})"

    def __len__(self) -> int:
        self.flush()
        with self.transaction() as line:
            return int(line.execute("SELECT count(*) FROM result").fetchone()[0])

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Result]:
        """The answers there are, by key.

        Raises:
            StateError: The file cannot be read.
        """
        self.flush()
        found = {}
        with self.transaction() as line:
            for begin in range(0, len(keys), AT_ONCE):
                some = keys[begin : begin + AT_ONCE]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, body FROM result WHERE key IN ({marks})"
                for key, body in line.execute(query, some):
                    if (result := _read(key, body)) is not None:
                        found[key] = result

        return found

    def put(self, result: Result) -> None:
        """Keep an answer; anything else is not kept."""
        if not result.ok or result.stored:
            return

        known = {name: value for name, usual in _KEPT if (value := getattr(result, name)) != usual}
        body = to_json(known, fallback=str).decode()
        with self._gathering:
            self._waiting.append((result.key, body, result.asked_ns))
            if not self._is_writing:
                self._is_writing = True
                threading.Thread(target=self._write, name="mojentic-results", daemon=True).start()

    def _write(self) -> None:
        """Write what gathers, until nothing does any more."""
        while True:
            SystemClock.sleep(GATHER_S)
            with self._gathering:
                if not self._waiting:
                    self._is_writing = False
                    return
            self._write_now()

    def _write_now(self) -> None:
        with self._lock:
            with self._gathering:
                rows, self._waiting = self._waiting, []
            if not rows or self._is_broken:
                return
            try:
                with self._held() as line:
                    _insert(line, rows)
            except StateError as trouble:
                self._is_broken = True
                warnings.warn(
                    f"Results are no longer kept: {trouble}", RuntimeWarning, stacklevel=2
                )

    def flush(self) -> None:
        """Have all that was put written."""
        self._write_now()

    def forget(self, keys: Sequence[bytes]) -> int:
        """Take answers out, so that they are asked for again; how many there were."""
        self.flush()
        with self.transaction("IMMEDIATE") as line:
            before = line.total_changes
            line.executemany("DELETE FROM result WHERE key = ?", [(key,) for key in keys])
            return line.total_changes - before

    @contextmanager
    def transaction(self, kind: str = "DEFERRED") -> Iterator[sqlite3.Connection]:
        """All of the block is written, or nothing; `kind` is DEFERRED to read, else IMMEDIATE.

        Raises:
            StateError: It could not be.
        """
        with self._held() as line:
            line.execute(f"BEGIN {kind}")
            try:
                yield line
                line.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself where the disk is full.
                if line.in_transaction:
                    line.execute("ROLLBACK")
                raise

    @contextmanager
    def _held(self) -> Iterator[sqlite3.Connection]:
        """The file for this thread alone; what goes wrong with it is a `StateError`."""
        with self._lock:
            try:
                yield self._ready()
            except (sqlite3.Error, OSError) as problem:
                trouble = problem
            else:
                return

        raise StateError(
            f"The results in {self.path}: {trouble}.",
            hint="Give another path with store=, or store=None to keep nothing.",
        ) from None

    def _ready(self) -> sqlite3.Connection:
        # A connection must not cross a fork, nor outlive its file.
        if self._line is not None and self._pid == os.getpid() and self.path.exists():
            return self._line

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_new = not self.path.exists()
        line = sqlite3.connect(
            self.path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
        )
        if is_new:
            os.chmod(self.path, 0o600)
        self._line, self._pid = _prepared(line), os.getpid()
        return self._line

    def close(self) -> None:
        """Write what is left and let go of the file."""
        self.flush()
        with self._lock:
            if self._line is not None:
                self._line.close()
            self._line = None


def _insert(line: sqlite3.Connection, rows: Sequence[tuple[bytes, str, int]]) -> None:
    # One statement for many, and none to begin and to commit: between two of them a busy loop
    # and this thread would hand Python's lock to and fro, which costs more than the writing.
    for begin in range(0, len(rows), AT_ONCE):
        some = rows[begin : begin + AT_ONCE]
        marks = ",".join(["(?,?,?)"] * len(some))
        line.execute(f"INSERT OR REPLACE INTO result VALUES {marks}", list(chain(*some)))


def _prepared(line: sqlite3.Connection) -> sqlite3.Connection:
    found = line.execute("PRAGMA application_id").fetchone()[0]
    tables = line.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    version = line.execute("PRAGMA user_version").fetchone()[0]
    if tables and found != APPLICATION_ID:
        raise sqlite3.DatabaseError("it keeps something else, and is left as it is")
    if version > SCHEMA_VERSION:
        raise sqlite3.DatabaseError("it was written by a newer mojentic_nb")

    line.execute("PRAGMA journal_mode = WAL")
    line.execute("PRAGMA synchronous = NORMAL")
    line.execute(TABLE)
    line.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    line.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    return line


def _read(key: bytes, body: str) -> Result | None:
    """The result these words are; None where another version wrote them otherwise."""
    try:
        return Result(key=key, status="ok", stored=True, **from_json(body))
    except (ValueError, TypeError):
        return None


def store_of(given: Any) -> ResultStore | None:
    """The store that `store=` means: `"auto"` for the one under the working directory."""
    if given is None or isinstance(given, ResultStore):
        return given

    return ResultStore(PATH if given == "auto" else given)
