"""Mojentic's nine file tools, under the names and with the arguments its programs know.

Law: a path is relative to the gateway's `base_path`; what cannot be done is raised, which
a turn tells the model, and a tool says it did something only when it did.
"""

from __future__ import annotations

import os
from typing import Any

from mojentic_nb.tools.facts import Effect, Example, Facts
from mojentic_nb.tools.file_gateway import FileManager, FilesystemGateway, MatchingLine
from mojentic_nb.tools.kit_tool import KitTool

__all__ = [
    "CreateDirectoryTool",
    "EditFileWithDiffTool",
    "FileManager",
    "FilesystemGateway",
    "FindFilesByGlobTool",
    "FindFilesContainingTool",
    "FindLinesMatchingTool",
    "ListAllFilesTool",
    "ListFilesTool",
    "MatchingLine",
    "ReadFileTool",
    "WriteFileTool",
]

_READS: frozenset[Effect] = frozenset({"reads"})
_WRITES: frozenset[Effect] = frozenset({"writes"})
_CHANGES = _READS | _WRITES


class _GatewayTool(KitTool):
    """A tool on the files of a gateway.

    Args:
        fs: The files it may use.
        tracer: Taken for Mojentic's callers.
    """

    def __init__(self, fs: FilesystemGateway, tracer: Any = None) -> None:
        super().__init__(fs.policy, tracer=tracer)
        self.fs = fs


class ListFilesTool(_GatewayTool):
    """Lists what is in a folder."""

    tool_name = "list_files"
    facts = Facts(category="file", effects=_READS, examples=(Example(arguments={"path": "."}),))

    def run(self, path: str, extension: str | None = None) -> list[str]:
        """List files and folders directly in a folder, not those further down.

        Args:
            path: The folder, relative to the base folder; '.' for that one.
            extension: Only names that end so, such as '.txt'.
        """
        return FileManager(self.fs).ls(path, extension)


class ReadFileTool(_GatewayTool):
    """Reads a file."""

    tool_name = "read_file"
    facts = Facts(
        category="file", effects=_READS, examples=(Example(arguments={"path": "notes.md"}),)
    )

    def run(self, path: str) -> str:
        """Read the whole content of a text file.

        Args:
            path: The file, relative to the base folder.
        """
        return self.fs.read(*_split(path))


class WriteFileTool(_GatewayTool):
    """Writes a file."""

    tool_name = "write_file"
    facts = Facts(
        category="file",
        effects=_WRITES,
        examples=(Example(arguments={"path": "notes.md", "content": "# Notes\n"}),),
    )

    def run(self, path: str, content: str) -> str:
        """Write a text file, completely overwriting one that is there, kept with .bak.

        Args:
            path: The file, relative to the base folder.
            content: The whole text.
        """
        self.fs.write(*_split(path), content)
        return f"Successfully wrote to {path}"


class ListAllFilesTool(_GatewayTool):
    """Lists files, those further down included."""

    tool_name = "list_all_files"
    facts = Facts(category="file", effects=_READS, examples=(Example(arguments={"path": "."}),))

    def run(self, path: str) -> list[str]:
        """List all files in a folder and in the folders below it.

        Args:
            path: The folder, relative to the base folder; '.' for that one.
        """
        return self.fs.list_all_files(path)


class FindFilesByGlobTool(_GatewayTool):
    """Finds files by their names."""

    tool_name = "find_files_by_glob"
    facts = Facts(
        category="file",
        effects=_READS,
        examples=(Example(arguments={"path": ".", "pattern": "**/*.py"}),),
    )

    def run(self, path: str, pattern: str) -> list[str]:
        """Find files whose paths fit a glob pattern.

        Args:
            path: The folder to begin in, relative to the base folder.
            pattern: The pattern, such as '*.txt' or '**/*.py' for any depth.
        """
        return self.fs.find_files_by_glob(path, pattern)


class FindFilesContainingTool(_GatewayTool):
    """Finds files by what is in them."""

    tool_name = "find_files_containing"
    facts = Facts(
        category="file",
        effects=_READS,
        examples=(Example(arguments={"path": ".", "pattern": r"import \w+"}),),
    )

    def run(self, path: str, pattern: str) -> list[str]:
        """Find text files, at any depth, that contain what fits a regular expression.

        Args:
            path: The folder to begin in, relative to the base folder.
            pattern: The regular expression.
        """
        return self.fs.find_files_containing(path, pattern)


class FindLinesMatchingTool(_GatewayTool):
    """Finds lines in a file."""

    tool_name = "find_lines_matching"
    facts = Facts(
        category="file",
        effects=_READS,
        examples=(Example(arguments={"path": "notes.md", "pattern": "^#"}),),
    )

    def run(self, path: str, pattern: str) -> list[MatchingLine]:
        """Find the lines of a file that fit a regular expression.

        Args:
            path: The file, relative to the base folder.
            pattern: The regular expression.
        """
        return self.fs.find_lines_matching(*_split(path), pattern)


class EditFileWithDiffTool(_GatewayTool):
    """Edits a file by a diff."""

    tool_name = "edit_file_with_diff"
    facts = Facts(
        category="file",
        effects=_CHANGES,
        examples=(
            Example(
                arguments={"path": "notes.md", "diff": "@@ @@\n # Notes\n-old line\n+new line\n"}
            ),
        ),
        guidance="Read the file and give context and removed lines exactly as they are.",
    )

    def run(self, path: str, diff: str) -> str:
        """Change a file by a unified diff; all of it is applied or, if a line differs, nothing.

        Args:
            path: The file, relative to the base folder.
            diff: Hunks that begin with @@, in which removed lines begin with '-', added ones
                with '+', and lines around them, as they are in the file, with a space.
        """
        return self.fs.edit_file_with_diff(*_split(path), diff)


class CreateDirectoryTool(_GatewayTool):
    """Makes a folder."""

    tool_name = "create_directory"
    facts = Facts(
        category="file", effects=_WRITES, examples=(Example(arguments={"path": "reports/2026"}),)
    )

    def run(self, path: str) -> str:
        """Make a folder, with those it stands in; one that is there is left as it is.

        Args:
            path: The folder, relative to the base folder.
        """
        self.fs.create_directory(path)
        return f"Successfully created directory '{path}'"


def _split(path: str) -> tuple[str, str]:
    folder, name = os.path.split(path)
    return folder, name
