"""Writing a text file.

Law: a file is replaced whole or left as it is, and what it held is kept beside it.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.file_tool import FileTool

__all__ = ["FileWriteTool", "FileWritten"]


class FileWritten(TypedDict):
    """What was written.

    Attributes:
        path: The file.
        bytes: How much was written.
        is_new: There was no such file.
        backup: Where its old content is; empty if there was none or it was added to.
    """

    path: str
    bytes: int
    is_new: bool
    backup: str


class FileWriteTool(FileTool):
    """Writes text files."""

    tool_name = "file_write"
    facts = Facts(
        category="file",
        effects=frozenset({"writes"}),
        examples=(
            Example(arguments={"path": "notes.md", "content": "# Notes\n"}),
            Example(arguments={"path": "log.txt", "content": "done\n", "mode": "append"}),
        ),
        guidance="Give the whole content; in mode create, choose a name that is not taken.",
    )

    def run(
        self,
        path: str,
        *,
        content: str,
        mode: Literal["replace", "create", "append"] = "replace",
        encoding: str = "utf-8",
    ) -> FileWritten:
        """Write a text file. What was there before is kept under the same name with .bak.

        Args:
            path: The file, relative to the folder; missing folders are made.
            content: The whole text, or what to add.
            mode: replace writes a new or an old file; create only a new one; append adds to
                the end.
            encoding: How its letters are written, such as utf-8 or latin-1.
        """
        folder = self.folder
        data = folder.encoded(content, encoding=encoding)
        is_new = not folder.kind(path)
        if mode == "append":
            folder.append_bytes(path, data, folders=True)
        else:
            is_open = mode == "replace"
            folder.write_bytes(path, data, backup=True, replace=is_open, folders=True)

        shown = folder.shown(path)
        backup = "" if is_new or mode == "append" else f"{shown}.bak"
        return {"path": shown, "bytes": len(data), "is_new": is_new, "backup": backup}
