"""Answers that were paid for, kept: a run that begins again asks only for what is missing.

Law: only answers are kept, never errors. A result is in the file a twentieth of a second after
it came, whatever happens to the process then. No text of a prompt is kept, only the key it
is known by. Where the file cannot be written the run goes on and says so once.
"""

from __future__ import annotations

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

from mojentic_nb.batch.task import Result, Task
from mojentic_nb.clock import SystemClock
from mojentic_nb.errors import BadArgument, StateError
from mojentic_nb.forking import mind_forks
from mojentic_nb.sqlite_opening import Keeper, transaction
from mojentic_nb.sqlite_sharing import SharedFile

__all__ = ["AHEAD", "PATH", "ResultStore", "kept_of", "store_of"]

PATH = ".mojentic/results.db"

# In the file's header: "mjrs"; the version of the table below stands beside it.
APPLICATION_ID = 0x6D6A7273
SCHEMA_VERSION = 1

# Rows have ids, although keys are keys: in the order of random keys a table of texts takes
# several times as long to write.
TABLE = """CREATE TABLE result (
    key BLOB PRIMARY KEY, body TEXT NOT NULL, created_ns INTEGER NOT NULL
)"""

# Seconds that results gather before they are written together: what a writing costs hardly
# grows with their number.
GATHER_S = 0.05
# SQLite takes 32 766 values in a statement; smaller ones keep a lookup short.
AT_ONCE = 500

# Questions read ahead, so that their kept results are found with one look into the file.
AHEAD = 256

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
        self._waiting: list[tuple[bytes, str, int]] = []
        self._gathering = threading.Lock()
        self._is_writing = False
        self._is_broken = False
        self._file = SharedFile(KEEPER, self.path, str(self.path))
        mind_forks(self)

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
        # In the order in which they came, whoever writes them.
        with self._file.lock:
            with self._gathering:
                rows, self._waiting = self._waiting, []
            if not rows or self._is_broken:
                return
            try:
                with self._file.held() as line:
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
        with self._file.held() as line, transaction(line, kind):
            yield line

    def close(self) -> None:
        """Write what is left and let go of the file."""
        self.flush()
        self._file.let_go()

    def before_fork(self) -> None:
        """Wait until nobody gathers; the file, which is told of it first, until nobody writes."""
        self._gathering.acquire()

    def after_fork(self) -> None:
        """In the parent: go on."""
        self._gathering.release()

    def after_fork_in_child(self) -> None:
        """The child has neither the thread nor the right to what waits in the parent."""
        self._gathering = threading.Lock()
        self._waiting, self._is_writing = [], False


def _insert(line: sqlite3.Connection, rows: Sequence[tuple[bytes, str, int]]) -> None:
    # One statement for many, and none to begin and to commit: between two of them a busy loop
    # and this thread would hand Python's lock to and fro, which costs more than the writing.
    for begin in range(0, len(rows), AT_ONCE):
        some = rows[begin : begin + AT_ONCE]
        marks = ",".join(["(?,?,?)"] * len(some))
        line.execute(f"INSERT OR REPLACE INTO result VALUES {marks}", list(chain(*some)))


def _make(line: sqlite3.Connection) -> None:
    line.execute(TABLE)


KEEPER = Keeper(
    what="The results in",
    error=StateError,
    application_id=APPLICATION_ID,
    version=SCHEMA_VERSION,
    make=_make,
    begins=("PRAGMA synchronous = NORMAL",),
    otherwise="Or keep nothing, with store=None.",
)


def _read(key: bytes, body: str) -> Result | None:
    """The result these words are; None where another version wrote them otherwise."""
    try:
        return Result(key=key, status="ok", stored=True, **from_json(body))
    except (ValueError, TypeError):
        return None


def kept_of(tasks: Sequence[Task], store: ResultStore | None) -> dict[bytes, Result]:
    """What a store has of these questions' answers, by key, their objects made again."""
    # Not `if store`: that would count its rows.
    if store is None or not tasks:
        return {}

    found = store.get([task.key for task in tasks])
    for task in tasks:
        result = found.get(task.key)
        if result is None or task.shape is None:
            continue
        try:
            result.value = task.shape.read(result.output)
        except ValueError:
            del found[task.key]  # it does not fit its shape any more

    return found


def store_of(given: Any) -> ResultStore | None:
    """The store that `store=` means: `"auto"` for the one under the working directory.

    Raises:
        BadArgument: It means none.
        StateError: It cannot be opened.
    """
    if given is None or isinstance(given, ResultStore):
        return given
    if isinstance(given, str | PathLike) and str(given):
        return ResultStore(PATH if given == "auto" else given)

    raise BadArgument(f"store={given!r} is no path.", hint="Give one, or None to keep nothing.")
