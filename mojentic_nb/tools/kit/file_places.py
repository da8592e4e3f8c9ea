"""Listing files, and changing where they are.

Law: nothing is replaced by moving; what is deleted is gone, so a person is asked first.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.file_tool import FileTool

__all__ = [
    "FileDeleteTool",
    "FileDeleted",
    "FileListTool",
    "FileMoveTool",
    "FileMoved",
    "Listed",
    "ListedFile",
]


class ListedFile(TypedDict):
    """One thing in a folder.

    Attributes:
        path: Its path, to be given to other tools.
        kind: What it is: file, folder, link or other.
        bytes: Its size; 0 for what is no file.
        modified_at: When it last changed, in UTC.
    """

    path: str
    kind: str
    bytes: int
    modified_at: str


class Listed(TypedDict):
    """What is in a folder.

    Attributes:
        entries: In order of names.
        is_cut: There is more.
    """

    entries: list[ListedFile]
    is_cut: bool


class FileListTool(FileTool):
    """Lists files."""

    tool_name = "file_list"
    facts = Facts(
        category="file",
        effects=frozenset({"reads"}),
        examples=(
            Example(arguments={}, says="what is in the folder"),
            Example(arguments={"pattern": "**/*.csv", "kind": "file"}, says="all tables below"),
        ),
        guidance="If is_cut is true, narrow the pattern or name a folder further down.",
    )

    def run(
        self,
        pattern: str = "*",
        *,
        folder: str = ".",
        kind: Literal["any", "file", "folder"] = "any",
    ) -> Listed:
        """List files and folders that fit a pattern.

        Args:
            pattern: What paths look like: * for any name, **/* for all below, **/*.py.
            folder: Where to begin, relative to the folder there is.
            kind: Only files, only folders, or any.
        """
        entries: list[ListedFile] = []
        for one in self.folder.walked(pattern, under=folder):
            if kind not in ("any", one.kind):
                continue
            if len(entries) == self.policy.limits.entries:
                return {"entries": entries, "is_cut": True}
            entries.append(
                {
                    "path": one.shown,
                    "kind": one.kind,
                    "bytes": one.bytes,
                    "modified_at": _moment(one.modified_at),
                }
            )

        return {"entries": entries, "is_cut": False}


def _moment(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


class FileMoved(TypedDict):
    """What was moved.

    Attributes:
        source: Where it was.
        target: Where it is.
    """

    source: str
    target: str


class FileMoveTool(FileTool):
    """Moves files and folders."""

    tool_name = "file_move"
    facts = Facts(
        category="file",
        effects=frozenset({"reads", "writes"}),
        examples=(Example(arguments={"source": "draft.md", "target": "old/draft.md"}),),
        guidance="Give the whole new path, not the folder it goes to; it must not be taken.",
    )

    def run(self, source: str, *, target: str) -> FileMoved:
        """Move or rename a file or folder. Nothing that is there already is replaced.

        Args:
            source: What to move, relative to the folder.
            target: Its whole new path; missing folders are made.
        """
        folder = self.folder
        folder.move(source, target, folders=True)
        return {"source": folder.shown(source), "target": folder.shown(target)}


class FileDeleted(TypedDict):
    """What was deleted.

    Attributes:
        path: What.
        kind: What it was: file, folder, link or other.
    """

    path: str
    kind: str


class FileDeleteTool(FileTool):
    """Deletes files and folders."""

    tool_name = "file_delete"
    facts = Facts(
        category="file",
        effects=frozenset({"writes"}),
        is_destructive=True,
        examples=(
            Example(arguments={"path": "draft.md"}),
            Example(arguments={"path": "old", "contents": True}, says="a folder with all in it"),
        ),
        guidance="A folder that is not empty needs contents=true.",
    )

    def run(self, path: str, *, contents: bool = False) -> FileDeleted:
        """Delete a file or a folder for good.

        Args:
            path: What to delete, relative to the folder.
            contents: Whether a folder may be deleted with all that is in it.
        """
        folder = self.folder
        kind = folder.kind(path)
        folder.delete(path, contents=contents)
        return {"path": folder.shown(path), "kind": kind}
