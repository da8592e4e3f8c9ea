"""Several answers to one request: OpenAI's `n`.

Law: no I/O. The first answer is the answer, told piece by piece like any other; the texts
of the others are kept until the end, whatever order their pieces come in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mojentic_nb.events import Event
from mojentic_nb.gateways.openai_chat import ChatLogprobDecoder
from mojentic_nb.request import ChatRequest

__all__ = ["ChatChoicesDecoder"]


class ChatChoicesDecoder(ChatLogprobDecoder):
    """Reads a chat completion of several choices."""

    def __init__(self, request: ChatRequest, gateway: str) -> None:
        super().__init__(request, gateway)
        self._others: dict[int, list[str]] = {}
        self._unfinished: set[int] = set()

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Texts of the further answers, in the server's order."""
        return tuple("".join(self._others[place]) for place in sorted(self._others))

    def take(self, found: dict[str, Any], events: list[Event]) -> None:
        """Read one chunk, which may be of any choice."""
        choices = found.get("choices") or ()
        super().take({**found, "choices": self._first(choices, "delta")}, events)
        for choice in choices:
            place = choice.get("index") or 0
            self._unfinished.add(place)
            if choice.get("finish_reason"):
                self._unfinished.discard(place)
        # The first may be complete long before the others are.
        self.is_done = bool(self.finish_reason) and not self._unfinished

    def take_whole(self, found: dict[str, Any], events: list[Event]) -> None:
        """Read a completion that came in one piece."""
        choices = found.get("choices") or ()
        super().take_whole({**found, "choices": self._first(choices, "message")}, events)

    def _first(self, choices: Iterable[dict[str, Any]], where: str) -> list[dict[str, Any]]:
        """The first choice, if it is among these; what the others say is kept."""
        first = []
        for choice in choices:
            place = choice.get("index") or 0
            if place == 0:
                first.append(choice)
                continue
            said = choice.get(where) or {}
            told = said.get("content") or said.get("refusal") or ""
            if type(told) is not str:
                raise TypeError("no text")
            self._others.setdefault(place, []).append(told)

        return first
