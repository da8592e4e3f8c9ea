"""Running Python for a model, in a fresh process and never in the kernel.

Law: nothing of the notebook is visible to the code, and nothing of the code to the
notebook but what it returns. Limits are those of `process.py`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.tools import python_runner
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit.system_process import end_told
from mojentic_nb.tools.kit_tool import KitTool
from mojentic_nb.tools.process import Ended, run_process

__all__ = ["PythonResult", "PythonRunTool"]


class PythonResult(TypedDict, total=False):
    """What the code did.

    Attributes:
        stdout: What it printed.
        stderr: What it printed as errors.
        value: `repr` of its last expression.
        error: The exception that ended it.
        traceback: Where that happened.
        note: What else is to be known.
    """

    stdout: str
    stderr: str
    value: str
    error: str
    traceback: str
    note: str


class PythonRunTool(KitTool):
    """Runs Python code in a process of its own."""

    tool_name = "python_run"
    facts = Facts(
        category="system & time",
        effects=frozenset({"runs code"}),
        is_destructive=True,
        examples=(
            Example(arguments={"code": "sum(range(10))"}, says="the value is '45'"),
            Example(arguments={"code": "import platform\nprint(platform.system())"}),
        ),
        guidance="Each call starts afresh: variables of earlier calls are gone. End the code"
        " with the expression you want to know, or print it.",
    )

    def run(
        self, code: str, *, seconds: Annotated[float | None, Field(gt=0)] = None
    ) -> PythonResult:
        """Run Python code in a new process and get what it printed and its last value.

        Nothing is kept between calls. The notebook's variables are not there.

        Args:
            code: The code. If its last line is an expression, its value is returned.
            seconds: End it after so long.
        """
        self.policy.check(("runs code",), whose=self.tool_name)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            answer = Path(folder) / "answer.json"
            # -P: the runner's own folder, which is ours, is not where the code imports from.
            runner = [sys.executable, "-X", "utf8", "-P", python_runner.__file__]
            half = self.policy.limits.output_chars // 2
            ended = run_process(
                [*runner, str(answer), str(half)], policy=self.policy, stdin=code, seconds=seconds
            )
            told = _answer(answer, self.policy.limits.write_bytes)

        return _result(ended, told)


def _answer(file: Path, most: int) -> dict[str, Any] | None:
    try:
        with file.open("rb") as opened:
            told = json.loads(opened.read(most + 1))
    except (OSError, ValueError):
        return None

    return told if isinstance(told, dict) else None


def _result(ended: Ended, told: dict[str, Any] | None) -> PythonResult:
    result = PythonResult(stdout=ended.stdout, stderr=ended.stderr)
    note = end_told(ended)
    if told is None:
        result["error"] = note or f"The process ended with exit code {ended.exit_code}."
        return result

    for name in ("value", "error", "traceback"):
        if name in told:
            result[name] = str(told[name])
    if told.get("exit"):
        result["error"] = f"It exited with code {told['exit']}."
    if note:
        result["note"] = note

    return result
