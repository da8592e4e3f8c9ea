"""Which words may name a file at all, before any disk is asked.

Law: pure. What another system reads otherwise than it looks (a device, a drive, a second
stream, a separator in disguise) is refused here, so nothing that only looks like a name
inside a folder reaches the disk.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import PurePath

from mojentic_nb.errors import ToolDenied

__all__ = ["Given", "checked_parts"]

Given = str | os.PathLike[str]

IS_WINDOWS = os.name == "nt"
# Far longer than any path a person would write; systems end at 4096.
LONGEST = 4096

_DEVICES = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])", re.IGNORECASE
)
_DRIVE = re.compile(r"[A-Za-z]:")


def checked_parts(path: Given, *, windows: bool = IS_WINDOWS) -> list[str]:
    """The parts of a path without its anchor; `..` is one of them and not yet judged.

    Raises:
        ToolDenied: It can name no file.
    """
    text = os.fspath(path)
    if why := _trouble(text, windows):
        raise ToolDenied(f"{text[:200]!r} names no file this tool may use: {why}.")

    pure = PurePath(text)
    parts = list(pure.parts[1:] if pure.anchor else pure.parts)
    for place, part in enumerate(parts, 1):
        if why := _trouble_of_part(part, windows, is_last=place == len(parts)):
            raise ToolDenied(f"{text[:200]!r} names no file this tool may use: {why}.")

    return parts


def _trouble(text: str, windows: bool) -> str:
    if "\0" in text:
        return "it holds a NUL"
    if len(text) > LONGEST:
        return f"it is {len(text)} letters long"
    if not windows and "\\" in text:
        return "write / and not \\"
    if not windows and _DRIVE.match(text):
        return "it begins with a drive"
    if text == "~" or text.startswith("~/"):
        return "~ is not understood; name a file in the folder"
    try:
        os.fsencode(text)
    except UnicodeError:
        return "it is no valid text"

    return ""


def _trouble_of_part(part: str, windows: bool, *, is_last: bool) -> str:
    if part == "..":
        return ""

    plain = unicodedata.normalize("NFKC", part)
    if plain == ".." or "/" in plain or "\\" in plain:
        return f"{part!r} holds a separator in disguise"
    if ":$" in part or (windows and ":" in part):
        return f"{part!r} names a stream of a file"

    # A folder called aux is an ordinary one elsewhere, and so is con.txt.
    stem = part.partition(".")[0].rstrip() if windows else part
    if (windows or is_last) and _DEVICES.fullmatch(stem):
        return f"{part!r} is a device"
    if windows and part.rstrip(". ") != part:
        return f"{part!r} ends with what Windows leaves out"

    return ""
