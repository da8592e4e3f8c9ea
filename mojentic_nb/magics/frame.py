"""What a turn looks like so far: events in, one Markdown text and its plain twin out.

Law: pure; no clock, no display. Text, thinking and tool calls stand in the order they
came. Whatever varies between two runs (durations, the quiet line) is shown only where
`timed` says that somebody is looking, so that saved notebooks can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from mojentic_nb.errors import scrub
from mojentic_nb.events import (
    Event,
    FellBack,
    Limited,
    ModelAsked,
    Repairing,
    Retrying,
    Summarised,
    TextDelta,
    ThinkingDelta,
    ToolCalled,
    ToolReturned,
    Trimmed,
)
from mojentic_nb.magics import formats
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.views import numbers
from mojentic_nb.views.markdown import as_html, bounded, details, inline
from mojentic_nb.views.tool_line import call_line, tool_body
from mojentic_nb.views.window_line import window_line

__all__ = ["Frame", "fallback_remark", "limited_note", "retry_note"]

_LONGEST_BODY = 4000


@dataclass(slots=True)
class _Words:
    """Text or thinking that is still growing."""

    is_thinking: bool
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        if len(self.pieces) > 1:
            self.pieces = ["".join(self.pieces)]

        return self.pieces[0] if self.pieces else ""


@dataclass(slots=True)
class _Use:
    """A tool call, and what came of it once it has; drawn once, as it may be long."""

    call: LLMToolCall
    line: str
    body: str
    is_open: bool = True


class Frame:
    """The picture of one turn; `take` feeds it, `markdown` and `plain` draw it.

    Attributes:
        note: A passing remark under the text, such as a wait; gone with the next event.
        mark: Why the text is not whole, in a few words; stays.
        remarks: What else a reader must know of how it came about; stay.
        footer: The quiet line, as Markdown and as text.
        size: Characters of text and thinking so far.
        is_whole: Nothing more will come.
        retries: How often the model had to be asked again.
    """

    def __init__(self, *, math: bool = False, timed: bool = False, style: str = "md") -> None:
        self._math = math
        self._timed = timed
        self.style = style
        self._parts: list[_Words | _Use] = []
        self._answer: list[str] = []
        self.note = ""
        self.mark = ""
        self.remarks: list[str] = []
        self._rooms: dict[type[Event], str] = {}
        self.footer = ("", "")
        self.size = 0
        self.retries = 0
        self.is_whole = False

    @property
    def text(self) -> str:
        """The answer so far: since the model was last asked."""
        return "".join(self._answer)

    @property
    def thinking(self) -> str:
        """What the model thought so far, apart from its answer."""
        found = (one for one in self._parts if isinstance(one, _Words) and one.is_thinking)
        return "".join(one.text for one in found)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing yet to look at."""
        return not (self._parts or self._told())

    def take(self, event: Event) -> bool:
        """Add an event; whether it is one to be drawn at once."""
        kind = type(event)
        if kind is TextDelta:
            self._answer.append(event.text)  # type: ignore[union-attr]
            return self._add(event.text, is_thinking=False)  # type: ignore[union-attr]
        if kind is ThinkingDelta:
            return self._add(event.text, is_thinking=True)  # type: ignore[union-attr]

        return self._happened(event)

    def _add(self, text: str, *, is_thinking: bool) -> bool:
        self.note = ""
        last = self._parts[-1] if self._parts else None
        if not isinstance(last, _Words) or last.is_thinking is not is_thinking:
            last = _Words(is_thinking)
            self._parts.append(last)

        last.pieces.append(text)
        self.size += len(text)
        return False

    def _happened(self, event: Event) -> bool:
        if isinstance(event, ModelAsked):
            self._answer.clear()
            return False
        if isinstance(event, ToolCalled):
            self._parts.append(_Use(event.call, *self._drawn_use(event.call, None)))
            return True
        if isinstance(event, ToolReturned):
            self._returned(event)
            return True
        if isinstance(event, Retrying):
            self.retries += 1
            self.note = retry_note(event)
            return True
        if isinstance(event, Limited):
            self.note = limited_note(event)
            return True
        if isinstance(event, FellBack):
            self.remarks.append(fallback_remark(event))
            return True
        if isinstance(event, Trimmed | Summarised):
            # The latest says all: within a tool loop more and more may go.
            self._rooms[type(event)] = window_line(event)
            return True
        if isinstance(event, Repairing):
            self.note = f"The answer did not fit ({event.problem}); asking again."
            return True

        return False

    def _returned(self, event: ToolReturned) -> None:
        uses = [one for one in self._parts if isinstance(one, _Use) and one.is_open]
        if not uses:
            uses = [_Use(event.call, "", "")]
            self._parts += uses
        # They may end in another order, and a hook may have changed what was asked.
        use = next((one for one in uses if one.call == event.call), uses[0])

        use.line, use.body = self._drawn_use(use.call, event)
        use.is_open = False

    def _drawn_use(self, call: LLMToolCall, returned: ToolReturned | None) -> tuple[str, str]:
        told = None if returned is None else returned.text
        line = call_line(call, returned, timed=self._timed, clean=scrub)
        return line, tool_body(call, told, longest=_LONGEST_BODY, clean=scrub)

    def bundle(self) -> dict[str, str]:
        """The picture as it stays, by MIME type."""
        if self.style == "text":
            return {"text/plain": self.plain()}
        if self.style == "html":
            return {"text/html": self.html(), "text/plain": self.plain()}

        return {"text/markdown": self.markdown(), "text/plain": self.plain()}

    def passing(self) -> dict[str, str]:
        """The picture while it grows: its plain twin would double the bytes."""
        if self.style == "text":
            return {"text/plain": self.plain()}

        return {"text/markdown": self.markdown(), "text/plain": "…"}

    def markdown(self) -> str:
        """The whole picture, as Markdown that may still be growing."""
        notes = [f"*{inline(one)}*" for one in self._told()]
        return "\n\n".join([*self._drawn(), *notes, *filter(None, [self.footer[0]])]) or " "

    def _told(self) -> list[str]:
        told = (*self.remarks, *self._rooms.values(), self.note, self.mark)
        return [one for one in told if one]

    def _drawn(self) -> Iterator[str]:
        for part, style in self._styled():
            if isinstance(part, _Use):
                yield details(part.line, part.body)
            elif part.is_thinking:
                yield details(_thinking_line(part.text), bounded(part.text, _LONGEST_BODY))
            else:
                yield formats.as_markdown(part.text, style, math=self._math, is_whole=self.is_whole)

    def _styled(self) -> Iterator[tuple[_Words | _Use, str]]:
        """The parts; words before a tool's call are no answer yet, and stay Markdown."""
        for place, part in enumerate(self._parts, start=1):
            is_last = place == len(self._parts)
            yield part, self.style if is_last else "md"

    def plain(self) -> str:
        """The same picture as plain text."""
        parts = [self._plain_part(part, style) for part, style in self._styled()]
        notes = [f"[{one}]" for one in self._told()]
        return "\n\n".join([*parts, *notes, *filter(None, [self.footer[1]])]) or " "

    def _plain_part(self, part: _Words | _Use, style: str) -> str:
        if isinstance(part, _Use):
            return part.line
        if part.is_thinking:
            return f"[{_thinking_line(part.text)}]"

        return formats.as_plain(part.text, style, is_whole=self.is_whole)

    def place_of(self, text: str) -> list[int] | None:
        """Where a text stands in the plain picture, from and to; None where it does not."""
        at = self.plain().rfind(text) if text else -1
        return None if at < 0 else [at, at + len(text)]

    def html(self) -> str:
        """The same picture as HTML in which the model's own is sanitised."""
        parts = [self._html_part(part) for part, _ in self._styled()]
        notes = [f"<p><em>{as_html(one)}</em></p>" for one in self._told()]
        line = [f"<p><small>{as_html(self.footer[1])}</small></p>"] if self.footer[1] else []
        return "\n".join([*parts, *notes, *line]) or " "

    def _html_part(self, part: _Words | _Use) -> str:
        if isinstance(part, _Words) and not part.is_thinking:
            return formats.as_html(part.text, math=self._math)

        if isinstance(part, _Use):
            line, body = part.line, part.body
        else:
            line, body = _thinking_line(part.text), bounded(part.text, _LONGEST_BODY)

        return f"<details><summary>{as_html(line)}</summary><pre>{escape(body)}</pre></details>"


def _thinking_line(text: str) -> str:
    return f"thinking · {len(text):,} characters"


def retry_note(event: Retrying) -> str:
    """Why nothing comes for a while, in a few words."""
    error = event.error
    who = error.gateway or "The model"
    what = "is busy" if error.status in (429, 529) else "did not answer"
    if error.status is not None and error.status not in (429, 529):
        what = f"answered with {error.status}"

    return f"{who} {what}: again in {numbers.seconds(event.wait_s)}"


def limited_note(event: Limited) -> str:
    """Why a call has to wait for its place."""
    if event.wait_s is None:
        return f"waiting for a place at {event.provider}"

    return f"waiting {numbers.seconds(event.wait_s)}, so as not to ask {event.provider} too often"


def fallback_remark(event: FellBack) -> str:
    """Whose answer this is, since it is not the one asked first."""
    return f"{event.failed} could not answer; this is from {event.chosen}"
