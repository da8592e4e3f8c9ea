"""The one output of a call: opened once, redrawn seldom, ended with the whole text.

Law: everything is published from the cell's own thread, under one display id, with one
preferred MIME type; metadata come with the last frame alone (VS Code replaces all of a
cell's outputs when they change), and so does sanitised HTML. The time is looked at when a
token comes: no timer.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mojentic_nb.clock import Clock, SystemClock
from mojentic_nb.errors import scrub
from mojentic_nb.events import Event, TextDelta, ThinkingDelta, ToolReturned
from mojentic_nb.magics.frame import Frame
from mojentic_nb.magics.publishing import Changing, publish
from mojentic_nb.magics.surroundings import is_terminal, may_stream
from mojentic_nb.views.tool_line import call_line

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["AtEnd", "Live", "Redrawn", "Typed", "Unseen", "opened"]

# Each redraw is a full parse, highlighting and typesetting in the browser. Precedents:
# tqdm 10 a second, rich.Live 4; JupyterLab stays responsive at 20 (measured, see FACTS
# of the design: 1000 tokens cost 1.9 s of browser time at 20 Hz, 8.3 s per token).
REDRAWS_PER_SECOND = 15

# A frame holds the whole text, so long texts are redrawn less often: bytes per second
# stay bounded.
CHARACTERS_PER_SECOND = 200_000


class Live:
    """Shows a turn; this one shows nothing, and is what `--quiet` gets.

    Attributes:
        frame: The picture, as far as it has come.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    @property
    def is_open(self) -> bool:
        """Whether there is an output on the screen already, which can be replaced."""
        return False

    def take(self, event: Event) -> None:
        """Something happened: note it, and show it where it is time."""
        self.frame.take(event)

    def finish(self, about: dict[str, Any]) -> None:
        """Show the picture as it stays; `about` goes into the output's metadata."""


class Unseen(Live):
    """Shows nothing at all."""


class AtEnd(Live):
    """Publishes one display when all is there: for tests, captures and scripts."""

    def finish(self, about: dict[str, Any]) -> None:
        """Publish the one display, if there is anything to see."""
        if not self.frame.is_empty:
            publish(self.frame.bundle(), about=about)


class Redrawn(Live):
    """Redraws one output while the answer grows: for notebooks."""

    def __init__(self, frame: Frame, clock: Clock | None = None) -> None:
        super().__init__(frame)
        self._now = (clock or SystemClock()).now
        self._output = Changing()
        self._next_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the output has been opened."""
        return self._output.is_open

    def take(self, event: Event) -> None:
        """Redraw at most so many times a second, and at once where a tool is involved."""
        is_turning_point = self.frame.take(event)
        if is_turning_point or (self.frame.size and self._now() >= self._next_at):
            self._draw()

    def _draw(self) -> None:
        self._output.show(self.frame.passing())
        wait_s = max(1 / REDRAWS_PER_SECOND, self.frame.size / CHARACTERS_PER_SECOND)
        self._next_at = self._now() + wait_s

    def finish(self, about: dict[str, Any]) -> None:
        """Draw the last frame, whatever the time."""
        if self.is_open or not self.frame.is_empty:
            self._output.show(self.frame.bundle(), about)


class Typed(Live):
    """Writes the answer as it comes: for a terminal, which cannot redraw."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self._ends_line = True
        self._is_thinking = False

    def take(self, event: Event) -> None:
        """Write what is new; tools and waits get a line of their own."""
        note = self.frame.note
        self.frame.take(event)
        if isinstance(event, TextDelta):
            self._is_thinking = False
            self._write(event.text)
        elif isinstance(event, ThinkingDelta):
            self._think()
        elif isinstance(event, ToolReturned):
            self._line(call_line(event.call, event, timed=False, clean=scrub))
        elif self.frame.note and self.frame.note != note:
            self._line(f"[{self.frame.note}]")

    def finish(self, about: dict[str, Any]) -> None:
        """End the last line, and say why the text is not whole where it is not."""
        if self.frame.mark:
            self._line(f"[{self.frame.mark}]")
        elif not self._ends_line:
            self._write("\n")

    def _think(self) -> None:
        # Said once; the thoughts themselves are in the reply.
        if not self._is_thinking:
            self._is_thinking = True
            self._line("[thinking …]")

    def _line(self, text: str) -> None:
        self._write(f"{text}\n" if self._ends_line else f"\n{text}\n")

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()
        self._ends_line = text.endswith("\n")


def opened(
    shell: InteractiveShell,
    frame: Frame,
    *,
    stream: str,
    quiet: bool = False,
    clock: Clock | None = None,
) -> Live:
    """The right way to show a turn here; `stream` is auto, on or off."""
    if quiet:
        return Unseen(frame)

    if not may_stream(shell, stream):
        return AtEnd(frame)

    if not is_terminal(shell):
        return Redrawn(frame, clock)

    # What is reshaped when it is whole cannot be typed as it comes.
    return Typed(frame) if frame.style in ("md", "text") else AtEnd(frame)
