"""Files that go with a message: found, bounded, read whole.

Law: what cannot be read is refused with its path in the message, before anything is sent.
"""

from __future__ import annotations

import codecs
import os
import stat
from difflib import get_close_matches
from pathlib import Path

from mojentic_nb.errors import BadArgument

__all__ = ["quoted", "read_bytes", "read_text", "text_of", "within"]

# UTF-32 before UTF-16: its little-endian mark begins with the other's.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_MEGABYTE = 1_000_000

# Of a path in a message; a prompt given as a path by mistake may be pages long.
_LONGEST_SHOWN = 200


def quoted(path: str | Path) -> str:
    """A path as messages show it."""
    text = str(path)
    return repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")


def read_bytes(path: str | Path, *, limit: int, may_be_empty: bool = False) -> bytes:
    """Read a whole file.

    Args:
        path: A leading `~` is the home folder.
        limit: Most bytes it may have.
        may_be_empty: Whether a file of no bytes is one too.

    Raises:
        BadArgument: It is missing, no regular file, unreadable, empty or too large.
    """
    if "\0" in str(path):
        raise BadArgument(f"{quoted(path)} is no path.")

    found = Path(os.path.expanduser(path))
    try:
        mode = found.stat().st_mode
        # Before opening: a named pipe would wait for ever.
        if not stat.S_ISREG(mode):
            raise _no_regular_file(path, mode)
        with found.open("rb") as file:
            data = file.read(limit + 1)
    except FileNotFoundError:
        raise BadArgument(f"No file {quoted(path)}.", hint=_where(found)) from None
    except OSError as problem:
        raise BadArgument(f"{quoted(path)} cannot be read: {problem.strerror}.") from None

    return data if may_be_empty and not data else within(data, limit, quoted(path))


def _no_regular_file(path: str | Path, mode: int) -> BadArgument:
    kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
    return BadArgument(f"{quoted(path)} is {kind}.", hint="Name the files one by one.")


def _where(path: Path) -> str:
    """What to do about a missing file: a similar name, or where it was looked for."""
    folder = path.parent
    try:
        alike = get_close_matches(path.name, os.listdir(folder), n=1)
    except OSError:
        return f"There is no folder {quoted(folder)} either; this is {quoted(Path.cwd())}."

    if alike:
        return f"Did you mean {quoted(folder / alike[0])}?"

    return "" if path.is_absolute() else f"It was looked for from {quoted(Path.cwd())}."


def within(data: bytes, limit: int, source: str) -> bytes:
    """The same bytes, if there are any and not too many.

    Raises:
        BadArgument: There are none, or more than `limit`.
    """
    if not data:
        raise BadArgument(f"{source} is empty.")
    if len(data) > limit:
        raise BadArgument(
            f"{source} is over {limit // _MEGABYTE} MB, the most that is sent.",
            hint="Make it smaller, or give only the part that matters.",
        )

    return data


def read_text(path: str | Path, *, limit: int) -> str:
    """Read a whole text file, its line ends as they are.

    Raises:
        BadArgument: It cannot be read, or is not UTF-8.
    """
    return text_of(read_bytes(path, limit=limit), quoted(path))


def text_of(data: bytes, source: str) -> str:
    """Text from bytes: UTF-8, or what a byte order mark says.

    Raises:
        BadArgument: They are neither.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as problem:
        raise BadArgument(
            f"{source} is no text in UTF-8: byte {problem.start} does not fit.",
            hint="Give the text itself: Path(...).read_text(encoding='latin-1') or whatever it is.",
        ) from None

    if "\0" in text:
        raise BadArgument(f"{source} is binary, not text.")

    return text
