"""Opening an SQLite file that several kernels share, whatever is kept in it.

Law: what stands in the file, and what its errors are called, is its keeper's affair. A new one
is made for this user alone; one that is no database is not even opened.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

__all__ = [
    "MEMORY",
    "alone",
    "columns_of",
    "connected",
    "hint_of",
    "in_memory",
    "is_foreign",
    "make_private",
    "patience_ms",
    "value_of",
    "write_ahead",
]

MEMORY = ":memory:"

# Seconds to wait for another kernel's transaction, which takes a hundredth of that.
PATIENCE_S = 5.0
PAUSE_S = 0.02

# More of SQLite's options for an address, such as another way to the file system.
OPTIONS = ""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MAGIC = b"SQLite format 3\0"


def hint_of(problem: BaseException) -> str:
    """What to do about what SQLite or the system said."""
    told = str(problem)
    is_full = isinstance(problem, OSError) and problem.errno in _FULL
    if is_full or any(word in told for word in ("full", "I/O")):
        return "Is the disk full? Make room, or give a path on another one."
    if isinstance(problem, OSError) or any(word in told for word in ("readonly", "to open")):
        return "Give a path in a folder that may be written to."
    if "locked" in told or "busy" in told:
        return "Another program holds it for long: close that one, or give another path."

    return "It may be damaged, and is left as it is: give another path, or move it away."


def make_private(path: Path) -> None:
    """Make the file, and the folders it needs, for this user alone; leave one that is there."""
    if path.exists():
        return

    for folder in reversed([path.parent, *path.parent.parents]):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)

    # Its journals get the same rights: SQLite copies them.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def is_foreign(path: Path) -> bool:
    """Whether a file has something in it, and is no database."""
    with path.open("rb") as file:
        begins = file.read(len(_MAGIC))
    return bool(begins) and begins != _MAGIC


def connected(path: Path, mode: str) -> sqlite3.Connection:
    """A connection to a file that is there: `rw`, or `ro` to read only."""
    address = f"file:{quote(str(path))}?mode={mode}{OPTIONS}"
    return sqlite3.connect(
        address, uri=True, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
    )


def in_memory() -> sqlite3.Connection:
    """A connection to a database that ends with it."""
    return sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)


def patience_ms() -> int:
    """Milliseconds for which a connection waits for another one's transaction."""
    return round(PATIENCE_S * 1000)


@contextmanager
def alone(line: sqlite3.Connection) -> Iterator[None]:
    """A transaction during which nobody else is in the file; whole, or not at all."""
    line.execute("BEGIN EXCLUSIVE")
    try:
        yield
        line.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself where the disk is full.
        if line.in_transaction:
            line.execute("ROLLBACK")
        raise


def write_ahead(line: sqlite3.Connection) -> bool:
    """Have readers and the writer not wait for each other; whether the file system can."""
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            return value_of(line, "PRAGMA journal_mode = WAL") == "wal"
        except sqlite3.OperationalError as problem:
            # SQLite does not wait here by itself while another kernel does the same.
            if "locked" not in str(problem) or time.monotonic() > ends:
                raise
            time.sleep(PAUSE_S)


def value_of(line: sqlite3.Connection, question: str) -> int | str:
    """The first value that a question finds."""
    with closing(line.execute(question)) as found:
        value: int | str = found.fetchone()[0]
        return value


def columns_of(line: sqlite3.Connection, table: str, *, schema: str = "main") -> list[str]:
    """The columns of a table; none where there is no such table."""
    return [row[1] for row in line.execute(f"PRAGMA {schema}.table_info({table})")]
