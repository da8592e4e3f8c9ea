"""A cassette's file on the disk.

Law: whole exchanges or nothing. A file is only ever added to, under a lock that other
processes respect, or replaced in one step; what is there already is never touched.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from mojentic_nb.errors import BadArgument, CassetteError
from mojentic_nb.gateways.cassette_file import FIRST_LINE

__all__ = ["Rewriting", "append", "check_readable", "check_writable", "content"]

HOW = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)

_numbers = count(1)

HINT = "Give the path of a file, such as Cassette('answers.jsonl')."


def content(path: Path) -> bytes:
    """What is in the file; nothing where there is none.

    Raises:
        BadArgument: It cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as problem:
        raise _unusable(path, problem) from None


def check_readable(path: Path) -> None:
    """See that there is a file to replay.

    Raises:
        BadArgument: There is none.
    """
    if not path.is_file() and not path.exists():
        raise BadArgument(
            f"There is no cassette at {str(path)!r} to replay.",
            hint="Record it first, with mode='auto' or mode='record'.",
        )


def check_writable(path: Path) -> None:
    """See that recordings can be kept, before anything is sent.

    Raises:
        BadArgument: They cannot.
    """
    try:
        # Beside it, for a new file is made there; and the file itself, unless it is new.
        tempfile.TemporaryFile(dir=path.parent).close()
        if path.exists():
            path.open("r+b").close()
    except (OSError, ValueError) as problem:
        raise _unusable(path, problem) from None


def _unusable(path: Path, problem: Exception) -> BadArgument:
    told = getattr(problem, "strerror", None) or str(problem)
    return BadArgument(f"{str(path)!r} cannot be a cassette: {told}.", hint=HINT)


def append(path: Path, data: bytes) -> None:
    """Add whole lines at the end of a file, or make it.

    Raises:
        CassetteError: They could not be written; the file is as before.
    """
    try:
        with _locked(path) as file:
            _add(file, data)
    except OSError as problem:
        raise CassetteError(
            f"A recording could not be written to {path}: {problem.strerror or problem}.",
            hint="The answer itself came; the file is as it was.",
            path=str(path),
        ) from None


def _add(file: int, data: bytes) -> None:
    size = os.lseek(file, 0, os.SEEK_END)
    if not size:
        data = FIRST_LINE + data
    else:
        os.lseek(file, size - 1, os.SEEK_SET)
        if os.read(file, 1) != b"\n":
            data = b"\n" + data  # a person's editor took the last line's end away

    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(file, rest) :]
    except BaseException:  # a full disk, or the stop button between two writes
        os.ftruncate(file, size)
        raise


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, open for adding, while nobody else adds."""
    while True:
        file = os.open(path, HOW, 0o666)
        try:
            _lock(file)
            # Another process may just have put a new file in its place.
            if not path.exists() or not os.path.samestat(os.fstat(file), path.stat()):
                continue
            yield file
            return
        finally:
            os.close(file)  # which gives the lock back


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: one byte far beyond the end stands for the whole
        import msvcrt

        os.lseek(file, 2**30, os.SEEK_SET)
        getattr(msvcrt, "locking")(file, getattr(msvcrt, "LK_LOCK"), 1)  # noqa: B009
    else:
        fcntl.flock(file, fcntl.LOCK_EX)


class Rewriting:
    """A new recording, kept beside the old one until it is finished.

    What is left behind by a kernel that was killed is a cassette too, under the name
    `x.jsonl.recording-PID-N`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = path.with_name(f"{path.name}.recording-{os.getpid()}-{next(_numbers)}")
        self._has_begun = False
        self._is_over = False
        self._owner = os.getpid()

    def add(self, data: bytes) -> None:
        """Add an exchange; after the end, to the finished file."""
        if self._is_over:
            append(self._path, data)
            return

        if not self._has_begun:
            self._beside.unlink(missing_ok=True)
            atexit.register(self.finish)
            self._has_begun = True
        append(self._beside, data)

    def finish(self) -> None:
        """Put the new file in the place of the old one."""
        self._end(self._path)

    def abort(self) -> None:
        """Leave the old file where it is, if there is one, and what is new beside it."""
        is_first = not self._path.exists()
        self._end(self._path if is_first else self._path.with_name(f"{self._path.name}.aborted"))

    def _end(self, place: Path) -> None:
        atexit.unregister(self.finish)
        # A forked child has a copy of this, and the file is its parent's.
        if self._has_begun and not self._is_over and os.getpid() == self._owner:
            os.replace(self._beside, place)
        self._is_over = True
