"""Which settings files are read: the project's, and the person's own.

Law: looks for files and reads none of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mojentic_nb.errors import BadArgument

__all__ = ["CONFIG_VARIABLE", "FILE_NAME", "SettingsFile", "files"]

FILE_NAME = "mojentic_nb.toml"
CONFIG_VARIABLE = "MOJENTIC_NB_CONFIG"


@dataclass(frozen=True, kw_only=True)
class SettingsFile:
    """A file that is there.

    Attributes:
        is_own: The person's, not one that came with a folder.
    """

    path: Path
    is_own: bool

    @property
    def shown(self) -> str:
        """The path as a person reads it: from here, or from home."""
        for root, sign in ((Path.cwd(), ""), (_home(), "~/")):
            if self.path.is_relative_to(root):
                return f"{sign}{self.path.relative_to(root).as_posix()}"

        return str(self.path)


def files() -> list[SettingsFile]:
    """The files that are read, the nearest first.

    Raises:
        BadArgument: MOJENTIC_NB_CONFIG names a file that is not there.
    """
    own = _own_file()
    found = [] if own is None else [SettingsFile(path=own, is_own=True)]
    near = next((path for path in _folders() if (path / FILE_NAME).is_file()), None)
    if near is not None and near / FILE_NAME != own:
        found.insert(0, SettingsFile(path=near / FILE_NAME, is_own=False))

    return found


def _home() -> Path:
    return Path(os.path.expanduser("~"))


def _own_file() -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE, "").strip()
    if named:
        path = Path(os.path.expanduser(named)).absolute()
        if not path.exists():
            raise BadArgument(
                f"{CONFIG_VARIABLE} names {named}, which is not there.",
                hint="Write the path of a file, or unset it.",
            )
        return path

    is_windows = sys.platform == "win32"
    folder = os.environ.get("APPDATA" if is_windows else "XDG_CONFIG_HOME", "").strip()
    path = (Path(folder) if folder else _home() / ".config") / "mojentic_nb" / FILE_NAME
    return path if path.is_file() else None


def _folders() -> Iterator[Path]:
    """From here up to the repository's root or home; elsewhere, this folder alone.

    A folder above both may belong to anybody, such as /tmp.
    """
    here = Path.cwd()
    home = _home()
    above = [here, *here.parents]
    last = next((path for path in above if path == home or (path / ".git").exists()), here)
    return iter(above[: above.index(last) + 1])
