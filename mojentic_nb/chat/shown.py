"""A conversation to look at: a frame, a transcript, files, and what fills the window.

Law: only looks. Heavy libraries load when a frame is asked for.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mojentic_nb.chat.room import context_of
from mojentic_nb.chat.whom import Asking
from mojentic_nb.tools.gathering import as_tools

if TYPE_CHECKING:
    from pandas import DataFrame

    from mojentic_nb.chat.context import Context

__all__ = ["Shown"]


class Shown(Asking):
    """A history that shows itself.

    Attributes:
        tools: What the model may call.
    """

    tools: Any

    def context(self) -> Context:
        """What fills the model's window before the next question, as a frame and a bar."""
        from mojentic_nb.chat.context import context_of_history

        known = (self._max_context, "max_context") if self._max_context else None
        max_context, why = known or context_of(self.llm, self._config_of(self.llm))
        offered = [one.spec for one in as_tools(self.tools).values()]
        counter = self._counter_of(self.llm)
        return context_of_history(self, counter, max_context=max_context, why=why, tools=offered)

    def to_frame(self, *, messages: bool = False) -> DataFrame:
        """One row for each exchange, or for each message: who said what, tokens, cost, seconds."""
        from mojentic_nb.chat.frame import frame_of

        return frame_of(self, messages=messages)

    def transcript(self) -> str:
        """All that was said, as plain text."""
        from mojentic_nb.chat.transcript import transcript

        return transcript(self)

    def export(self, form: str, path: str | PathLike[str] | None = None) -> str | Path:
        """Write it down as `md`, `html`, `ipynb` or `jsonl`.

        Returns:
            The text, or the file's path where one is given; the file is there whole or not at all.

        Raises:
            BadArgument: There is no such form, or no such path can be.
            StateError: The file cannot be written.
        """
        from mojentic_nb.chat.export import exported

        return exported(self, form, path)

    def _repr_markdown_(self) -> str:
        return str(self.export("md")) if self.exchanges else repr(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))
