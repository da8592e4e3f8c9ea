"""Running programs for a model.

Law: how a process is bounded is told in `process.py`; here is what a model reads of it.
"""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.process import Ended, run_process

__all__ = ["ProcessResult", "ProcessRunTool", "end_told"]


class ProcessResult(TypedDict):
    """How a program ended.

    Attributes:
        exit_code: Null where a limit ended it; below 0 where a signal did.
        stdout: What it wrote.
        stderr: What it wrote as errors.
        ended: `exited`, or the limit that ended it.
        note: What else is to be known.
    """

    exit_code: int | None
    stdout: str
    stderr: str
    ended: str
    note: NotRequired[str]


class ProcessRunTool(KitTool):
    """Runs a program, within limits."""

    tool_name = "process_run"
    facts = Facts(
        category="system & time",
        effects=frozenset({"runs code"}),
        is_destructive=True,
        examples=(
            Example(arguments={"command": ["git", "--version"]}, says="one program"),
            Example(
                arguments={"command": ["sh", "-c", "ls | wc -l"], "seconds": 5},
                says="a line for a shell, said to be one",
            ),
        ),
        guidance="Give the program and each argument as items of a list. A program that needs"
        " more memory or time than allowed is ended; ask the user to raise the limit.",
    )

    def run(
        self,
        command: Annotated[list[str], Field(min_length=1)],
        *,
        folder: str | None = None,
        stdin: str = "",
        seconds: Annotated[float | None, Field(gt=0)] = None,
    ) -> ProcessResult:
        """Run a program and wait for its end. No shell is involved unless you name one.

        It gets a clean environment, and everything it started ends with it.

        Args:
            command: The program, then its arguments: ["git", "log", "-1"].
            folder: Where to start it, below the allowed folder. Leave it out for that one.
            stdin: Text for its input.
            seconds: End it after so long.
        """
        self.policy.check(("runs code",), whose=self.tool_name)
        ended = run_process(
            command, policy=self.policy, folder=folder, stdin=stdin, seconds=seconds
        )
        result = ProcessResult(
            exit_code=ended.exit_code,
            stdout=ended.stdout,
            stderr=ended.stderr,
            ended=ended.reason,
        )
        if note := end_told(ended):
            result["note"] = note

        return result


def end_told(ended: Ended) -> str:
    """What is out of the ordinary about an end, in words; empty for nothing."""
    notes = []
    if ended.reason == "time":
        notes.append("It took too long and was ended.")
    elif ended.reason == "output":
        notes.append("It wrote too much and was ended.")
    elif ended.is_shortened:
        notes.append("The middle of its output is left out.")
    if ended.not_limited:
        notes.append(f"This system sets no limit to {', '.join(ended.not_limited)}.")

    return " ".join(notes)
