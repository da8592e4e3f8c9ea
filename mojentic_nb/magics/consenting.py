"""Asking the person at the cell before a tool runs.

Law: the exact call is shown, keys taken out, and nothing runs before the answer. Where
nobody can answer (nbval, nbconvert, papermill) nobody is asked and the answer is no. The
front end's own input line is used: it works in every one of them, also while a cell runs.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from mojentic_nb.magics.publishing import publish
from mojentic_nb.magics.surroundings import is_attended, is_notebook
from mojentic_nb.tools.consent import Question, asked_by
from mojentic_nb.views.markdown import fenced, inline

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Asking"]

_ANSWERS = {"y": "yes", "yes": "yes", "a": "always", "always": "always"}


class Asking:
    """Puts a tool's questions to the person at this shell, from `begin` to `end`."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._held = ExitStack()

    def begin(self) -> None:
        """From now on questions come here."""
        self._held.enter_context(asked_by(self.consent, self.text))

    def end(self) -> None:
        """They go where they went before."""
        self._held.close()

    def consent(self, question: Question) -> str:
        """Ask whether a call may run: yes, no, always, or nobody is here."""
        if not is_attended(self._shell):
            return "nobody"

        line = f"Run {question}?"
        if is_notebook(self._shell):
            told = f"**{inline(question.tool)}** wants to run ({question.why}):"
            publish({"text/markdown": f"{told}\n{fenced(str(question))}", "text/plain": line})
            line = "Run it?"
        answer = self._line(f"{line} [y]es, [n]o, [a]lways: ")
        return "nobody" if answer is None else _ANSWERS.get(answer.strip().casefold(), "no")

    def text(self, question: str) -> str | None:
        """Ask for an answer in words; `None` where nobody is here."""
        if not is_attended(self._shell):
            return None

        return self._line(f"{question}\n> ")

    def _line(self, prompt: str) -> str | None:
        from IPython.core.error import StdinNotImplementedError

        try:
            return input(prompt)
        except (StdinNotImplementedError, EOFError):
            return None
