"""Finding lines in files.

Law: no pattern can hang, no file is read beyond the limit, and what was not looked at is
told.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.file_tool import FileTool
from mojentic_nb.tools.folder import Folder
from mojentic_nb.tools.patterns import Pattern, searching

__all__ = ["FileSearchTool", "FoundLine", "FoundLines", "lines_found"]

# A file with a NUL in its first kilobytes is no text; git looks at as many.
_LOOK_BYTES = 8_000


class FoundLine(TypedDict):
    """A line that fits.

    Attributes:
        path: Its file.
        line: Its number, from 1.
        text: The line.
        before: Lines before it.
        after: Lines after it.
    """

    path: str
    line: int
    text: str
    before: list[str]
    after: list[str]


class FoundLines(TypedDict):
    """What was found.

    Attributes:
        found: Lines that fit, file by file.
        searched: How many files were looked at.
        skipped: Files that are too large or no text.
        is_cut: There is more than was allowed to be told.
    """

    found: list[FoundLine]
    searched: int
    skipped: list[str]
    is_cut: bool


class FileSearchTool(FileTool):
    """Searches in files."""

    tool_name = "file_search"
    facts = Facts(
        category="file",
        effects=frozenset({"reads"}),
        examples=(
            Example(arguments={"pattern": "Traceback", "files": "**/*.log", "is_literal": True}),
            Example(arguments={"pattern": r"def \w+_tool", "files": "**/*.py", "context": 2}),
        ),
        guidance="Set is_literal for text with brackets or dots. If is_cut, narrow files.",
    )

    def run(
        self,
        pattern: Annotated[str, Field(min_length=1)],
        *,
        files: str = "**/*",
        folder: str = ".",
        ignore_case: bool = False,
        is_literal: bool = False,
        context: Annotated[int, Field(ge=0, le=20)] = 0,
    ) -> FoundLines:
        """Find lines in files by a regular expression.

        Args:
            pattern: A regular expression, looked for in each line by itself.
            files: Which files, such as **/*.py.
            folder: Where to begin.
            ignore_case: Take A for a.
            is_literal: The pattern is the very text to look for.
            context: How many lines before and after to show.
        """
        limits, inside = self.policy.limits, self.folder
        told: FoundLines = {"found": [], "searched": 0, "skipped": [], "is_cut": False}
        left = limits.output_chars
        with searching(
            pattern,
            ignore_case=ignore_case,
            is_literal=is_literal,
            limits=limits,
        ) as fitting:
            for entry in inside.walked(files, under=folder):
                if entry.kind != "file":
                    continue
                text = _text(inside, entry.shown)
                if text is None:
                    told["skipped"].append(entry.shown)
                    continue
                told["searched"] += 1
                room = limits.entries - len(told["found"]) + 1
                for one in lines_found(fitting, text, entry.shown, context, room):
                    left -= len(one["text"]) + sum(map(len, one["before"] + one["after"]))
                    if left < 0 or len(told["found"]) == limits.entries:
                        return {**told, "is_cut": True}
                    told["found"].append(one)

        return told


def _text(folder: Folder, path: str) -> str | None:
    try:
        data = folder.read_bytes(path)
    except ToolError:  # gone, too large, not ours
        return None

    return None if b"\0" in data[:_LOOK_BYTES] else data.decode("utf-8", "replace")


def lines_found(
    fitting: Pattern, text: str, path: str, context: int = 0, most: int = 1000
) -> list[FoundLine]:
    """The first lines of a text that fit, each told once.

    Args:
        fitting: The pattern.
        text: Where to look.
        path: What the file is called in the answer.
        context: Lines before and after.
        most: So many lines at most.
    """
    lines = [one.removesuffix("\r") for one in text.removesuffix("\n").split("\n")]
    return [
        {
            "path": path,
            "line": number + 1,
            "text": lines[number],
            "before": lines[max(0, number - context) : number],
            "after": lines[number + 1 : number + 1 + context],
        }
        for number in fitting.lines(text, most=most)
    ]
