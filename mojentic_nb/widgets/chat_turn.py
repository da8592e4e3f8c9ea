"""A turn on its way, as the page is told of it while it grows.

Law: pure; the time is given. Text goes as it comes, a bounded number of times a second, and
is only ever appended. Now and then its Markdown is written anew from the last block on:
ten times a second at most, and the seldomer the longer that block, so that all of it
together stays a small multiple of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mojentic_nb.events import (
    Event,
    FellBack,
    Limited,
    Repairing,
    Retrying,
    Summarised,
    TextDelta,
    ThinkingDelta,
    ToolCalled,
    ToolReturned,
    Trimmed,
)
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.views import numbers
from mojentic_nb.views.window_line import window_line
from mojentic_nb.widgets.chat_markdown import Growing
from mojentic_nb.widgets.chat_view import thinking_part, tool_part

__all__ = ["LiveTurn"]

# Seconds between two messages of text: 30 a second. More is not seen.
SEND_S = 1 / 30
# Each message costs some 900 bytes besides its words (ipykernel 7.4), and a reader of a long
# answer is behind it: the pause grows by itself with every 150 messages, to four a second.
SLOWER_AFTER = 150
SLOWEST_S = 0.25
# Between two writings of Markdown; a page that renders more often falls behind (measured in
# JupyterLab 4.6: 4.8 s of 8 at every frame).
DRAW_S = 0.1
# After so long without a word the last block is written as far as it is.
PAUSE_S = 0.25
# A last block that is longer is written anew only when it has grown by two fifths.
SHORT_BLOCK = 600
THINKING_S = 0.5


class LiveTurn:
    """What has come so far, and what the page has to be told of it.

    Args:
        question: What the person said, as the page shows it.
        at: Whose place it takes, from 0; where it comes at the end, the number of exchanges.
    """

    def __init__(self, question: dict[str, Any], *, at: int) -> None:
        self.question = question
        self.at = at
        self.parts: list[dict[str, Any]] = []
        self._ready: list[dict[str, Any]] = []
        self._text: Growing | None = None
        self._thoughts: list[str] = []
        self._tools: list[tuple[int, LLMToolCall]] = []
        self._unsent: list[str] = []
        self._space = ""
        self._sent_at = self._drawn_at = self._heard_at = self._thought_at = float("-inf")
        self._is_drawn = True
        self._sent = 0

    @property
    def _pause_s(self) -> float:
        return min(SEND_S * (1 + self._sent / SLOWER_AFTER), SLOWEST_S)

    @property
    def told(self) -> dict[str, Any]:
        """All of it, for a page that comes late."""
        parts = [dict(part) for part in self.parts]
        return {**self.question, "at": self.at, "parts": parts}

    def take(self, event: Event, now: float) -> None:
        """Something happened."""
        if isinstance(event, TextDelta):
            self._say(event.text, now)
        elif isinstance(event, ThinkingDelta):
            self._think(event.text, now)
        elif isinstance(event, ToolCalled):
            self._close()
            self._tools.append((len(self.parts), event.call))
            self._put(len(self.parts), tool_part(event.call, None))
        elif isinstance(event, ToolReturned):
            self._returned(event)
        elif note := note_of(event):
            self._ready.append({"type": "note", "text": note})

    def _say(self, text: str, now: float) -> None:
        if self._text is None:
            self._close()
            self._text = Growing()
            self._put(len(self.parts), {"kind": "text", "html": ""})
        self._text.add(text)
        self._unsent.append(text)
        self._heard_at, self._is_drawn = now, False

    def _think(self, text: str, now: float) -> None:
        if not self._thoughts:
            self._close()
            self._put(len(self.parts), thinking_part(""))
        self._thoughts.append(text)
        if now - self._thought_at >= THINKING_S:
            self._thought_at = now
            told = thinking_part("".join(self._thoughts))
            self._put(len(self.parts) - 1, {**told, "body": ""})

    def _returned(self, event: ToolReturned) -> None:
        self._close()
        known = [one for one in self._tools if one[1] == event.call]
        if known:
            self._tools.remove(known[0])
        part = tool_part(event.call, event)
        self._put(known[0][0] if known else len(self.parts), part)

    def _put(self, at: int, part: dict[str, Any]) -> None:
        self.parts[at : at + 1] = [part]
        self._ready.append({"type": "part", "nth": at, "part": dict(part)})

    def _close(self) -> None:
        """What was growing is whole."""
        if self._text is not None:
            if not self._is_drawn:
                self._ready.append(self._written())
            self._text = None
        if self._thoughts:
            self._put(len(self.parts) - 1, thinking_part("".join(self._thoughts)))
            self._thoughts = []

    def _written(self) -> dict[str, Any]:
        assert self._text is not None
        whole, tail = self._text.take()
        # Space at the end shows in code alone; before the next word it has to.
        text = self._text.tail
        self._space = "" if tail.endswith("</pre>\n") else text[len(text.rstrip()) :]
        self._unsent.clear()
        self._is_drawn = True
        part = self.parts[-1]
        part["whole"] = part.get("whole", "") + whole
        part["html"] = part["whole"] + tail
        return {"type": "html", "whole": whole, "tail": tail}

    def due(self, now: float) -> Iterator[dict[str, Any]]:
        """What the page is to be told now."""
        ready, self._ready = self._ready, []
        yield from ready
        if self._text is None or self._is_drawn:
            return

        if self._is_to_be_drawn(now):
            self._sent_at = self._drawn_at = now
            self._sent += 1
            yield self._written()
        elif self._unsent and now - self._sent_at >= self._pause_s:
            self._sent_at = now
            self._sent += 1
            text = "".join([self._space, *self._unsent])
            self._space = ""
            self._unsent.clear()
            yield {"type": "text", "text": text}

    def _is_to_be_drawn(self, now: float) -> bool:
        assert self._text is not None
        if now - self._drawn_at < DRAW_S or now - self._sent_at < self._pause_s:
            return False

        tail, drawn = len(self._text.tail), self._text.drawn
        return tail <= SHORT_BLOCK or tail >= 1.4 * drawn or now - self._heard_at >= PAUSE_S

    def wait_s(self, now: float) -> float | None:
        """How long until something is due; None where nothing will be."""
        if self._ready:
            return 0.0
        if self._text is None or self._is_drawn:
            return None

        at = self._heard_at + PAUSE_S if not self._unsent else self._sent_at + self._pause_s
        return max(0.0, at - now)


def note_of(event: Event) -> str:
    """Why nothing comes for a while, or what a reader must know of what comes."""
    if isinstance(event, Retrying):
        who = event.error.gateway or "The model"
        return f"{who} did not answer: again in {numbers.seconds(event.wait_s)}"
    if isinstance(event, Limited):
        wait = "" if event.wait_s is None else f" ({numbers.seconds(event.wait_s)})"
        return f"waiting for a place at {event.provider}{wait}"
    if isinstance(event, FellBack):
        return f"{event.failed} could not answer; this is from {event.chosen}"
    if isinstance(event, Repairing):
        return "The answer did not fit; asking again."
    if isinstance(event, Trimmed | Summarised):
        return window_line(event)

    return ""
