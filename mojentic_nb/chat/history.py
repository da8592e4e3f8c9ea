"""What was said so far, and what of it the model is told next.

Law: exchanges are values and are only ever replaced whole, under the line. What is cut off
becomes a branch: nothing that was said is lost but by `clear`, and where a cell that said it
says something else.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any, Self
from weakref import WeakSet

from mojentic_nb import ids
from mojentic_nb.chat.exchange import Branch, Exchange, flattened
from mojentic_nb.chat.given import count_given, exchanges_given, message_given
from mojentic_nb.chat.line import Line
from mojentic_nb.errors import BadArgument
from mojentic_nb.hooks.window_summary import note_of
from mojentic_nb.messages import LLMMessage, MessageRole

__all__ = ["History"]


class History:
    """A conversation's exchanges.

    Attributes:
        session_id: Its id in traces and stores.
        name: What it is called.
        system_prompt: Comes first, always.
        exchanges: All of it, whole questions with their answers.
        branches: How it went on before it was edited.
        summary: What stands for the exchanges that are summarised.
    """

    def __init__(self, system_prompt: str, name: str = "") -> None:
        self.system_prompt = system_prompt
        self.name = name
        self.session_id = ids.correlation_id()
        self.exchanges: tuple[Exchange, ...] = ()
        self.branches: tuple[Branch, ...] = ()
        self.summary = ""
        self._first = 0  # the first exchange that goes along
        self._left_in = 0  # tokens there was room for when those before it were left behind
        self._line = Line()
        self._heard: WeakSet[Any] = WeakSet()  # widgets that show it

    @property
    def messages(self) -> list[LLMMessage]:
        """What the model is told in the next turn: the system message first, then what is over.

        Exchanges that no longer fit are not among them; they stay in `exchanges`.
        """
        return self._told(len(self.exchanges))

    def _told(self, at: int, system: str | None = None) -> list[LLMMessage]:
        """What is said before an exchange, and the summary where it stands for some of it."""
        head, before = self._head(system), self._before(at, system)
        note = [note_of(self.summary)] if self.summary and at >= self._first else []
        return [*head, *note, *before[len(head) :]]

    def _before(
        self, at: int, system: str | None = None, *, first: int | None = None
    ) -> list[LLMMessage]:
        """What is said before an exchange, but for the summary: that is the window's to add."""
        first = self._first_in(self._left_in, at) if first is None else first
        return [*self._head(system), *flattened(self.exchanges[first:at])]

    def _head(self, system: str | None = None) -> list[LLMMessage]:
        prompt = self.system_prompt if system is None else system
        return [LLMMessage.system(prompt)] if prompt else []

    def insert_message(self, message: LLMMessage) -> None:
        """Put a message at the end, as if it had been said.

        A person's message begins an exchange; anything else belongs to the last one.

        Raises:
            BadArgument: It is no message.
        """
        message = message_given(message)
        with self._line.turn():
            is_new = message.role in (MessageRole.User, MessageRole.System) or not self.exchanges
            if is_new:
                self.exchanges += (Exchange(id=ids.span_id(), messages=(message,)),)
            else:
                *before, last = self.exchanges
                self.exchanges = (*before, replace(last, messages=(*last.messages, message)))
            self._changed(len(self.exchanges) - 1)

    def append(self, exchanges: Iterable[Exchange]) -> None:
        """Put whole exchanges at the end, such as those another conversation had.

        Raises:
            BadArgument: One of them is none.
        """
        given = exchanges_given(exchanges)
        with self._line.turn():
            at = len(self.exchanges)
            self.exchanges += given
            self._changed(at)

    def clear(self) -> None:
        """Begin anew; the system prompt stays."""
        with self._line.turn():
            self.exchanges, self.branches, self.summary, self._first = (), (), "", 0
            self._changed(0)

    def undo(self, number: int = 1) -> tuple[Exchange, ...]:
        """Take back the last exchanges, and give them; `switch` brings them again.

        Args:
            number: How many; all, where there are fewer.

        Raises:
            BadArgument: It is no number.
        """
        count = count_given(number, "number", least=0)
        with self._line.turn():
            at = max(0, len(self.exchanges) - count)
            gone = self.exchanges[at:]
            self._cut(at)
            self._changed(at)
            return gone

    def switch(self, branch_id: str) -> None:
        """Go on where a branch was left; what follows here becomes a branch itself.

        Raises:
            BadArgument: There is no such branch.
        """
        with self._line.turn():
            found = [branch for branch in self.branches if branch.id == branch_id]
            if not found:
                known = ", ".join(branch.id for branch in self.branches) or "none"
                raise BadArgument(f"There is no branch {branch_id!r}.", hint=f"Branches: {known}.")

            (branch,) = found
            self.branches = tuple(one for one in self.branches if one is not branch)
            self._cut(branch.at)
            self.exchanges += branch.exchanges
            self._changed(branch.at)

    def fork(self, name: str = "") -> Self:
        """Another conversation that begins with this one; both go on apart.

        Of a turn under way, whose tools may ask for one, nothing is in it.
        """
        with self._line.look():
            other = type(self).__new__(type(self))
            other.__dict__.update(self.__dict__)
            other.name, other.session_id = name, ids.correlation_id()
            other._line, other._heard = Line(), WeakSet()
            return other

    def shown_by(self, widget: Any) -> None:
        """Tell a widget of every change, by its `changed(session, at=…)`, as long as it lives."""
        self._heard.add(widget)

    def place(self, at: int) -> int:
        """An exchange's place from 0, where -1 is the last.

        Raises:
            BadArgument: There is none there.
        """
        if type(at) is not int:
            raise BadArgument(f"{at!r} is no place of an exchange.", hint="Write a number.")

        place = at + len(self.exchanges) if at < 0 else at
        if not 0 <= place < len(self.exchanges):
            there = f"There are {len(self.exchanges)}, from 0."
            hint = there if self.exchanges else "Nothing was said yet."
            raise BadArgument(f"There is no exchange {at}.", hint=hint)

        return place

    def _cut(self, at: int) -> None:
        """Let the exchanges from here on become a branch.

        Ways that began further on go on from here too, since what they shared goes.
        """
        gone = self.exchanges[at:]
        if gone:
            kept = tuple(one if one.at <= at else _longer(one, at, gone) for one in self.branches)
            self.branches = (*kept, Branch(id=ids.span_id(), at=at, exchanges=gone))
        self.exchanges = self.exchanges[:at]
        if self._first > at:
            self._first, self.summary = 0, ""

    def _put(self, at: int, exchange: Exchange, *, replaces: Container[str] | None) -> None:
        """Put an exchange at its place; what followed becomes a branch.

        Where it replaces some by their ids, or none of several, all others stay, marked.
        """
        if replaces is not None:
            rest = [one for one in self.exchanges[at:] if one.id not in replaces]
            stale = tuple(replace(one, is_stale=True) for one in rest)
            self.exchanges = (*self.exchanges[:at], exchange, *stale)
            if self._first > at:
                self._first, self.summary = 0, ""
        else:
            self._cut(at)
            self.exchanges += (exchange,)

    def _first_in(self, room: int, at: int) -> int:
        """The first exchange that may go along: all, where there is more room than there was.

        There is, too, for a turn that is said again in its own place: what follows does not go
        along. What was summed up stays so.
        """
        if at < self._first:
            return 0

        has_more_room = room > self._left_in or at < len(self.exchanges)
        return 0 if has_more_room and not self.summary else self._first

    def _leave_behind(
        self, messages: int, *, before: int, summary: str, first: int, room: int
    ) -> None:
        """From `first` on, so many of the oldest messages do not go along any more."""
        if first < self._first:
            self.summary = ""  # what it stands for goes along again
        self._first, self._left_in = first, room
        while self._first < before and messages >= len(self.exchanges[self._first].messages) > 0:
            messages -= len(self.exchanges[self._first].messages)
            self._first += 1
        if summary:
            self.summary = summary

    def _changed(self, at: int) -> None:
        """The exchanges from here on are others now."""
        for widget in tuple(self._heard):
            widget.changed(self, at=at)


def _longer(branch: Branch, at: int, shared: tuple[Exchange, ...]) -> Branch:
    """The same way, told from an earlier place on."""
    exchanges = (*shared[: branch.at - at], *branch.exchanges)
    return Branch(id=ids.span_id(), at=at, exchanges=exchanges)
