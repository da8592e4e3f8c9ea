"""Waiting for files to change.

Law: looks again and again, never longer than the limit, and tells what changed since it
began.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.clock import Clock, SystemClock
from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.file_tool import FileTool
from mojentic_nb.tools.policy import Policy

__all__ = ["FileWatchTool", "FilesChanged"]

# Changed when and how large, by path.
_Seen = dict[str, tuple[float, int]]


class FilesChanged(TypedDict):
    """What changed.

    Attributes:
        made: Files that were not there before.
        changed: Files with another size or time.
        deleted: Files that are gone.
        seconds: How long it took.
    """

    made: list[str]
    changed: list[str]
    deleted: list[str]
    seconds: float


class FileWatchTool(FileTool):
    """Watches files.

    Args:
        policy: As for every tool.
        clock: Waits between two looks.
        tracer: Taken for Mojentic's callers.
    """

    tool_name = "file_watch"
    facts = Facts(
        category="file",
        effects=frozenset({"reads"}),
        examples=(Example(arguments={"pattern": "*.log", "seconds": 10}),),
        guidance="Three empty lists mean that nothing changed in that time; watch again.",
    )

    def __init__(
        self, policy: Policy | None = None, *, clock: Clock | None = None, tracer: Any = None
    ) -> None:
        super().__init__(policy, tracer=tracer)
        self._clock = clock or SystemClock()

    def run(
        self,
        pattern: str = "**/*",
        *,
        folder: str = ".",
        seconds: Annotated[float, Field(gt=0)] = 10.0,
        every: Annotated[float, Field(ge=0.05)] = 0.5,
    ) -> FilesChanged:
        """Wait until files change, and tell which.

        Args:
            pattern: Which files, such as *.log or **/*.csv.
            folder: Where to begin.
            seconds: How long to wait at most.
            every: Seconds between two looks.
        """
        most = self.policy.limits.seconds
        if seconds > most:
            raise ToolError(f"{seconds:g} s are longer than the {most:g} s allowed.")

        began = self._clock.now()
        before = after = self._seen(pattern, folder)
        while after == before and (left := seconds - (self._clock.now() - began)) > 0:
            self._clock.sleep(min(every, left))
            after = self._seen(pattern, folder)

        both = before.keys() & after.keys()
        return {
            "made": sorted(after.keys() - before.keys()),
            "changed": sorted(one for one in both if before[one] != after[one]),
            "deleted": sorted(before.keys() - after.keys()),
            "seconds": round(self._clock.now() - began, 3),
        }

    def _seen(self, pattern: str, folder: str) -> _Seen:
        seen: _Seen = {}
        for one in self.folder.walked(pattern, under=folder):
            if one.kind != "file":
                continue
            seen[one.shown] = one.modified_at, one.bytes
            if len(seen) > self.policy.limits.entries:
                raise ToolError(
                    f"More than {self.policy.limits.entries} files fit {pattern!r}.",
                    hint="Narrow the pattern.",
                )

        return seen
