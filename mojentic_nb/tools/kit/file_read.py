"""Reading a text file, or some lines of it.

Law: a file of any size costs no more memory than the limits say.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Annotated, BinaryIO

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.file_tool import FileTool

__all__ = ["FileReadTool", "FileText"]


class FileText(TypedDict):
    """What was read.

    Attributes:
        path: The file.
        text: The lines, with their ends.
        first_line: Number of the first one.
        last_line: Number of the last one; one less than the first where there are none.
        is_cut: The file goes on after that.
    """

    path: str
    text: str
    first_line: int
    last_line: int
    is_cut: bool


class FileReadTool(FileTool):
    """Reads text files."""

    tool_name = "file_read"
    facts = Facts(
        category="file",
        effects=frozenset({"reads"}),
        examples=(
            Example(arguments={"path": "notes.md"}, says="a whole file"),
            Example(
                arguments={"path": "log.txt", "first_line": 100, "lines": 20}, says="a part of it"
            ),
        ),
        guidance="If is_cut is true, go on at last_line + 1. List the folder if a name is wrong.",
    )

    def run(
        self,
        path: str,
        *,
        first_line: Annotated[int, Field(ge=1)] = 1,
        lines: Annotated[int | None, Field(ge=1)] = None,
        encoding: str = "utf-8",
    ) -> FileText:
        """Read a text file, or some of its lines. Long files come in parts.

        Args:
            path: The file, relative to the folder.
            first_line: Number of the first line wanted, from 1.
            lines: How many lines; left out, as many as fit.
            encoding: How its letters are written, such as utf-8 or latin-1.
        """
        folder = self.folder
        most = min(self.policy.limits.output_chars, self.policy.limits.read_bytes)
        with folder.reading(path) as opened:
            try:
                kept, is_cut = _part(_lines(opened, encoding, most), first_line, lines, most)
            except LookupError:
                raise ToolError(f"There is no encoding {encoding!r}.", hint="Try utf-8.") from None
            except UnicodeError:
                raise ToolError(
                    f"{folder.shown(path)!r} is not {encoding} text.",
                    hint="Name another encoding, such as latin-1, if it is text at all.",
                ) from None

        return {
            "path": folder.shown(path),
            "text": "".join(kept),
            "first_line": first_line,
            "last_line": first_line + len(kept) - 1,
            "is_cut": is_cut,
        }


def _lines(opened: BinaryIO, encoding: str, most: int) -> Iterator[str]:
    """Lines, and of one that is too long no more than tells so."""
    # Lines end at \n only, and nothing is translated.
    text = io.TextIOWrapper(opened, encoding=encoding, newline="\n")
    try:
        while line := text.readline(most + 1):
            yield line
            while len(line) > most and not line.endswith("\n"):
                line = text.readline(most + 1)
    finally:
        text.detach()


def _part(
    found: Iterator[str], first: int, wanted: int | None, most: int
) -> tuple[list[str], bool]:
    kept: list[str] = []
    left = most
    for number, line in enumerate(found, 1):
        if number < first:
            continue
        if (wanted is not None and len(kept) == wanted) or (kept and len(line) > left):
            return kept, True
        kept.append(line[:left])
        if len(line) > left:
            return kept, True
        left -= len(line)

    return kept, False
