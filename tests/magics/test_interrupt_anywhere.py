"""The stop button pressed at every moment of a `%%llm` cell: whatever runs, nothing is lost.

Python lets an interrupt in where a function begins, so each function of ours that a cell
calls is interrupted there, one in each run of the cell.
"""

from __future__ import annotations

import sys
from inspect import unwrap
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

import mojentic_nb
from mojentic_nb import current_tracer
from mojentic_nb.chat.line import Line
from mojentic_nb.magics.failures import Stopped
from mojentic_nb.magics.llm import LLMMagics
from mojentic_nb.tracer.intake import Intake
from mojentic_nb.tracer.system import TracerSystem

OURS = Path(mojentic_nb.__file__).parent
# What only reads, at length: settings, and the signatures of tools.
READING = tuple(str(OURS / room) for room in ("preferences", "tools", "tokens", "config.py"))
MAGIC = unwrap(LLMMagics.llm).__code__
FIRST = unwrap(Line.turn).__code__
DOUBLE = "def double(number: int) -> int:\n    'Twice as much.'\n    return 2 * number"

CELL = "%%llm --tools double\ndouble 21"

# The two calls by which a span that is over gets from the recorder into the queue: whoever
# tried again there after an interrupt might put it in twice.
ON_ITS_WAY = (TracerSystem._take.__code__, Intake.take.__code__)


class StopButton:
    """Follows the calls of a cell, and interrupts one of them."""

    def __init__(self, at: int | None) -> None:
        self._at = at
        self._known: set[CodeType] = set(ON_ITS_WAY)
        self.calls = 0
        self.pressed = ""
        self._is_on = False

    def __enter__(self) -> StopButton:
        self._before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *gone: object) -> None:
        sys.settrace(self._before)

    def _called(self, frame: FrameType, event: str, _: object) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(str(OURS)) or code.co_filename.startswith(READING):
            return None
        if code is FIRST:
            self._is_on = True
        if code is MAGIC:
            return self._around
        # A generator that goes on is its reader's moment, and one that is thrown away hears
        # no interrupt: those that begin are enough.
        begins = frame.f_lineno == code.co_firstlineno and not code.co_name.startswith("<")
        if not self._is_on or self.pressed or not begins:
            return None

        if code not in self._known:
            self._known.add(code)
            if self.calls == self._at:
                self.pressed = f"{Path(code.co_filename).name}:{code.co_qualname}"
                raise KeyboardInterrupt
            self.calls += 1
        return None

    def _around(self, frame: FrameType, event: str, _: object) -> Any:
        # What stands around it is IPython's, which has its own way with interrupts.
        self._is_on = self._is_on and event != "return"
        return self._around


def presses(notebook: Any, cell: str) -> int:
    """How many moments of a cell there are, once all is warm."""
    notebook.ok(cell, "here")
    with StopButton(None) as button:
        notebook.ok(cell, "here")
    return button.calls


def faults(notebook: Any, cell: str, at: int) -> list[str]:
    """Interrupt a cell at one moment: what of it is not as it should be."""
    notebook.outputs.clear()
    notebook.shell.user_ns["_llm"] = None
    tracer = current_tracer()
    tracer.clear()
    with StopButton(at) as button:
        ran = notebook.run(cell, "here")

    spans = [(one.status, one.error_type) for one in tracer.spans()]
    shown = {one.display_id for one in notebook.outputs}
    drawn = [one.data.get("text/plain", "") for one in notebook.outputs]
    found = {
        "not interrupted": not isinstance(ran.error_in_exec, KeyboardInterrupt),
        "a traceback": type(ran.error_in_exec) is not Stopped,
        f"told as {spans}": bool(set(spans) - {("ok", ""), ("cancelled", "interrupted")}),
        "no span": bool(notebook["_llm"]) and not spans,
        f"{len(shown)} outputs": len(shown) > 1,
        "not marked": bool(drawn) and "stopped" not in drawn[-1] and notebook["_llm"] is None,
    }
    return [f"{button.pressed}: {what}" for what, is_so in found.items() if is_so]


@pytest.mark.slow
def test_an_interrupt_at_any_moment_loses_nothing(live: Any) -> None:
    live.ok(DOUBLE)
    moments = range(presses(live, CELL))
    found = [fault for at in moments for fault in faults(live, CELL, at)]
    assert len(moments) > 100
    assert found == []
