"""One settings file: TOML in, checked settings out, each with its line.

Law: a file is taken whole or not at all, and a mistake in it is told with path and line.
No value of something that looks like a key is ever repeated.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mojentic_nb.errors import BadArgument
from mojentic_nb.preferences import kinds
from mojentic_nb.preferences.files import FILE_NAME, SettingsFile
from mojentic_nb.preferences.kinds import Setting

__all__ = ["PERSONAS", "held"]

PERSONAS = "personas"
# What a session may ask for, and a folder from somebody else may not.
_ONLY_HERE = {"nest_asyncio": "It is for one session: %llm_config nest_asyncio=on"}
_SECTIONS = {name.partition(".")[0] for name in kinds.names() if "." in name} | {PERSONAS}


def held(file: SettingsFile) -> dict[str, Setting]:
    """What a file says, by name; a persona under `personas.NAME`.

    Raises:
        BadArgument: The file cannot be read, or something in it is wrong.
    """
    try:
        known = file.path.stat()
    except OSError as problem:
        raise BadArgument(f"{file.shown} cannot be read: {problem.strerror}.") from None

    return _parsed(file, file.shown, (known.st_mtime_ns, known.st_size))


@lru_cache(maxsize=16)
def _parsed(file: SettingsFile, shown: str, stamp: tuple[int, int]) -> dict[str, Setting]:
    """A file's settings by name; `stamp` changes when the file does."""
    import tomllib

    try:
        text = file.path.read_text(encoding="utf-8-sig")
        found = tomllib.loads(text)
    except OSError as problem:
        raise BadArgument(f"{shown} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise BadArgument(f"{shown} is not text in UTF-8.") from None
    except tomllib.TOMLDecodeError as problem:
        # Its message names the place; the text around it may be anything.
        raise BadArgument(
            f"{_place(shown, _told_line(str(problem), text))}: not TOML: {problem}.",
            hint='Write lines such as  model = "demo".',
        ) from None

    reader = _Reader(text, shown, file)
    return {setting.name: setting for setting in reader.settings(found)}


def _told_line(message: str, text: str) -> int:
    found = re.search(r"line (\d+)", message)
    return int(found[1]) if found else len(text.splitlines())


def _place(shown: str, line: int) -> str:
    return f"{shown}:{line}" if line else shown


_SECTION_LINE = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")


class _Reader:
    """Checks what a file says, and knows on which line it says it."""

    def __init__(self, text: str, shown: str, file: SettingsFile) -> None:
        self._lines = text.splitlines()
        self._shown = shown
        self._file = file

    def settings(self, found: dict[str, Any]) -> Iterator[Setting]:
        """Every setting of the file, checked."""
        for name, given in found.items():
            if name in _SECTIONS and isinstance(given, dict):
                for inner, one in given.items():
                    yield self._setting(inner, one, section=name)
            else:
                yield self._setting(name, given)

    def _setting(self, name: str, given: Any, *, section: str = "") -> Setting:
        full = f"{section}.{name}" if section else name
        place = _place(self._shown, self._line_of(name, section))
        if section == PERSONAS:
            if not isinstance(given, str) or not given.strip():
                raise BadArgument(f"{place}: {full}: a text is wanted.")
            return Setting(name=full, value=given, origin=f"from {place}")
        if not kinds.is_setting(full):
            raise self._unknown(name, full, place, is_section=isinstance(given, dict))

        try:
            value = kinds.read(full, given)
        except BadArgument as problem:
            raise BadArgument(f"{place}: {problem.message}") from None

        if isinstance(value, Path):
            value = self._file.path.parent / value
        self._refuse_foreign_address(full, value, place)
        return Setting(name=full, value=value, origin=f"from {place}")

    def _refuse_foreign_address(self, full: str, value: Any, place: str) -> None:
        # A folder from somebody else must not decide where prompts and the key go.
        if self._file.is_own or not kinds.is_address(full) or _is_here(value):
            return

        raise BadArgument(
            f"{place}: {full}: a project's file may only name an address of this machine.",
            hint=f"Set {kinds.variables(full)[0]}, or write it into your own {FILE_NAME}.",
        )

    def _unknown(self, name: str, full: str, place: str, *, is_section: bool) -> BadArgument:
        if is_section:
            return BadArgument(
                f"{place}: [{name}] is no section.",
                hint=kinds.did_you_mean(name, sorted(_SECTIONS)),
            )

        if kinds.looks_like_a_key(full):
            return BadArgument(
                f"{place}: {full} looks like a key, and keys are not read from files.",
                hint="Set it in the environment, such as OPENAI_API_KEY, and remove it here.",
            )

        hint = _ONLY_HERE.get(full) or kinds.did_you_mean(full)
        return BadArgument(f"{place}: {full!r} is no setting.", hint=hint)

    def _line_of(self, name: str, section: str) -> int:
        wanted = re.compile(rf"""\s*["']?{re.escape(name)}["']?\s*[=.]""")
        dotted = re.compile(rf"\s*{re.escape(section)}\s*\.\s*{re.escape(name)}\s*=")
        inside = ""
        for number, line in enumerate(self._lines, start=1):
            header = _SECTION_LINE.match(line)
            if header:
                inside = header[1]
                if not section and inside.partition(".")[0] == name:
                    return number
            elif (inside == section and wanted.match(line)) or (not inside and dotted.match(line)):
                return number

        return 0


def _is_here(url: str) -> bool:
    host = urlsplit(url if "://" in url else f"//{url}").hostname or ""
    if host == "localhost":
        return True

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, and names lead anywhere
        return False
