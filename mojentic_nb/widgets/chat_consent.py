"""The questions in a chat: may this tool run, and what does the model want to know?

Law: asked on the thread of the turn that waits for it, answered by the page. Where no page
shows the chat nobody is there, and a turn that ends takes its question along.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

from mojentic_nb.errors import scrub
from mojentic_nb.ids import span_id
from mojentic_nb.tools.consent import Question
from mojentic_nb.widgets.call_text import call_text

__all__ = ["Card", "consent_card", "words_card"]

# Between two looks at whether anybody is still there.
SLICE_S = 0.1
ANSWERS = frozenset({"always", "no", "yes"})


class Card:
    """A question as the page shows it.

    Args:
        fits: Whether what the page says is an answer to it.
        asked: What the page shows.

    Attributes:
        key: Names it in the page's answer.
        answer: As the page gave it; `None` as long as there is none.
    """

    def __init__(self, fits: Callable[[Any], bool], **asked: str) -> None:
        self.key = span_id()
        self.answer: str | None = None
        self.told: dict[str, Any] = {"key": self.key, **asked}
        self._fits = fits
        self._is_over = Event()

    @property
    def is_open(self) -> bool:
        """Whether an answer still counts."""
        return not self._is_over.is_set()

    def take(self, key: Any, answer: Any) -> None:
        """The page says something; the first answer counts."""
        if key == self.key and self.is_open and self._fits(answer):
            self.answer = answer
            self._is_over.set()

    def end(self) -> None:
        """Nobody needs the answer any more."""
        self._is_over.set()

    def wait(self, is_shown: Callable[[], bool]) -> str | None:
        """Wait for the person, however long it takes, as long as a page shows it."""
        while not self._is_over.wait(SLICE_S):
            if not is_shown():
                self.end()

        return self.answer


def consent_card(question: Question) -> Card:
    """May this tool run? The answer is `yes`, `no` or `always`."""
    call = call_text(question.tool, question.arguments)
    asked = {"tool": question.tool, "call": call, "why": question.why}
    return Card(
        lambda answer: isinstance(answer, str) and answer in ANSWERS, kind="consent", **asked
    )


def words_card(question: str) -> Card:
    """What a model wants to know; the answer is whatever is written, nothing included."""
    return Card(lambda answer: isinstance(answer, str), kind="words", question=scrub(question))
