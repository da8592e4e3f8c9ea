"""SQLite files that several kernels share, whatever is kept in them: opened, brought up to date.

Law: what stands in a file, and what its errors are called, is its keeper's affair. A new one
is made for this user alone. One that is not its keeper's, damaged, or newer is left as it is,
and its owner told. All that changes tables happens in one exclusive transaction, which looks
again first: many kernels may open one file at once.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mojentic_nb.errors import MojenticError

__all__ = [
    "MEMORY",
    "Keeper",
    "columns_of",
    "connected",
    "identity",
    "leave_to_parent",
    "patience_ms",
    "transaction",
]

MEMORY = ":memory:"

# Seconds to wait for another kernel's transaction, which takes a hundredth of that.
PATIENCE_S = 5.0
PAUSE_S = 0.02

# More of SQLite's options for an address, such as another way to the file system.
OPTIONS = ""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_MAGIC = b"SQLite format 3\0"


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """What opening a file has to know of what is kept in it.

    Attributes:
        what: How a file is spoken of, before its path: `The trace`.
        error: What all that goes wrong is raised as.
        application_id: In the header of each file.
        version: Of the tables; it stands beside the id.
        make: Adds what a file lacks, within a transaction in which nobody else is.
        is_whole: Whether a file of this version has all that it should.
        begins: What every connection is told first.
        otherwise: What else to do where a file cannot be used.
    """

    what: str
    error: type[MojenticError]
    application_id: int
    version: int
    make: Callable[[sqlite3.Connection], None]
    is_whole: Callable[[sqlite3.Connection], bool] = lambda line: True
    begins: Sequence[str] = ()
    otherwise: str = ""

    def opened(self, path: Path | None, shown: str) -> sqlite3.Connection:
        """A connection to a file that is in order; None for one in memory.

        Raises:
            MojenticError: The file is somebody else's, newer, or on a file system that
                cannot be shared.
            sqlite3.Error: SQLite cannot read or make it.
            OSError: Nor can the system.
        """
        if path is None:
            line = _in_memory()
            self._bring_up_to_date(line, shown)
            return line

        _make_private(path)
        if _is_no_database(path):
            raise self.foreign(shown)

        line = connected(path, "rw")
        try:
            self._bring_up_to_date(line, shown)
            if not _write_ahead(line):
                raise self._unshared(shown)
            for statement in self.begins:
                line.execute(statement)
        except BaseException:
            line.close()
            raise

        return line

    def _bring_up_to_date(self, line: sqlite3.Connection, shown: str) -> None:
        if self.is_current(line, shown):
            return

        with transaction(line, "EXCLUSIVE"):
            # Another kernel may have done it while this one waited.
            if not self.is_current(line, shown):
                self.make(line)
                line.execute(f"PRAGMA application_id = {self.application_id}")
                line.execute(f"PRAGMA user_version = {self.version}")

    def is_current(self, line: sqlite3.Connection, shown: str) -> bool:
        """Whether a file has all that this version writes.

        Raises:
            MojenticError: It is somebody else's, or newer.
        """
        # In this order: who has seen another kernel's tables sees what was written with them.
        has_tables = _value_of(line, "PRAGMA schema_version")
        whose = _value_of(line, "PRAGMA application_id")
        if not whose and not has_tables:
            return False
        if whose != self.application_id:
            raise self.foreign(shown)

        version = int(_value_of(line, "PRAGMA user_version"))
        if version > self.version:
            raise self._trouble(
                f"{self.what} {shown}: a newer mojentic_nb wrote this file: its version is"
                f" {version}, and this one knows {self.version}. It is left as it is.",
                "Upgrade mojentic_nb, or give another path.",
            )

        return version == self.version and self.is_whole(line)

    @contextmanager
    def telling(self, shown: str) -> Iterator[None]:
        """Make SQLite's errors and the system's its own, without their frames."""
        try:
            yield
            return
        except (sqlite3.Error, OSError) as problem:
            trouble = self._trouble(f"{self.what} {shown}: {problem}.", _hint_of(problem))

        raise trouble from None

    def foreign(self, shown: str) -> MojenticError:
        """What is told of a file that is somebody else's."""
        return self._trouble(
            f"{self.what} {shown}: the file is something else, and is left as it is.",
            "Give another path.",
        )

    def closed(self, shown: str) -> MojenticError:
        """What is told of a file that its owner has closed."""
        return self.error(f"{self.what} {shown}: it is closed.", hint="Open it anew.")

    def _unshared(self, shown: str) -> MojenticError:
        return self._trouble(
            f"{self.what} {shown}: the file system is one without shared memory, as network"
            " folders are: several kernels could spoil the file.",
            "Give a path on a local disk.",
        )

    def _trouble(self, told: str, hint: str) -> MojenticError:
        return self.error(told, hint=f"{hint} {self.otherwise}".strip())


def _hint_of(problem: BaseException) -> str:
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


def _make_private(path: Path) -> None:
    """Make the file, and the folders it needs, for this user alone; leave one that is there."""
    if path.exists():
        return

    for folder in reversed([path.parent, *path.parent.parents]):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)

    # Its journals get the same rights: SQLite copies them.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _is_no_database(path: Path) -> bool:
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


def _in_memory() -> sqlite3.Connection:
    """A connection to a database that ends with it."""
    return sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)


def patience_ms() -> int:
    """Milliseconds for which a connection waits for another one's transaction."""
    return round(PATIENCE_S * 1000)


@contextmanager
def transaction(line: sqlite3.Connection, kind: str) -> Iterator[sqlite3.Connection]:
    """All of the block is written, or nothing; DEFERRED to read, IMMEDIATE, or EXCLUSIVE."""
    line.execute(f"BEGIN {kind}")
    try:
        yield line
        line.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself where the disk is full.
        if line.in_transaction:
            line.execute("ROLLBACK")
        raise


def _write_ahead(line: sqlite3.Connection) -> bool:
    """Have readers and the writer not wait for each other; whether the file system can."""
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _value_of(line, "PRAGMA journal_mode = WAL") == "wal"
        except sqlite3.OperationalError as problem:
            # SQLite does not wait here by itself while another kernel does the same.
            if "locked" not in str(problem) or time.monotonic() > ends:
                raise
            time.sleep(PAUSE_S)


def _value_of(line: sqlite3.Connection, question: str) -> int | str:
    """The first value that a question finds."""
    with closing(line.execute(question)) as found:
        value: int | str = found.fetchone()[0]
        return value


def columns_of(line: sqlite3.Connection, table: str, *, schema: str = "main") -> list[str]:
    """The columns of a table; none where there is no such table."""
    return [row[1] for row in line.execute(f"PRAGMA {schema}.table_info({table})")]


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one in its place; None where there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None

    return found.st_dev, found.st_ino


# What a child got from its parent stays open, and unused: closing it would write the
# parent's journal into the file and remove it.
_inherited: list[sqlite3.Connection | None] = []


def leave_to_parent(*lines: sqlite3.Connection | None) -> None:
    """In the child of a fork: let its parent's connections be."""
    _inherited.extend(lines)
