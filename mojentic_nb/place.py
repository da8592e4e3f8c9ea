"""Where something happens: in which trace, under which span, in which session and cell.

Law: values, one context variable, and one default of the whole process for what a
notebook keeps from cell to cell. A place is read once, when a call is planned, and handed
on by hand: no token is ever held across a `yield`, since a generator would leak it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from mojentic_nb import ids
from mojentic_nb.quick import quick

__all__ = ["Cell", "Place", "current_place", "in_session", "place_of_turn", "standing", "within"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A notebook's cell as it runs.

    Attributes:
        number: Its execution count.
        id: What the front end calls it; empty where it does not say.
        source: The beginning of its text.
    """

    number: int
    id: str = ""
    source: str = ""


@quick
class Place:
    """Where a span stands.

    Attributes:
        trace_id: 32 hex digits, shared by all that one thing led to.
        span_id: Its own id, 16 hex digits.
        parent_id: The span around it; empty at the top.
        session_id: The conversation it belongs to; empty for none.
        cell: The cell it ran in.
    """

    trace_id: str
    span_id: str
    parent_id: str = ""
    session_id: str = ""
    cell: Cell | None = None

    def inside(self, span_id: str | None = None) -> Place:
        """A new place under this one."""
        return Place(
            self.trace_id, span_id or ids.span_id(), self.span_id, self.session_id, self.cell
        )


current_place: ContextVar[Place | None] = ContextVar("current_place", default=None)
"""The span that is at work; set only while something runs inside it."""

_session: ContextVar[str | None] = ContextVar("session", default=None)


@dataclass(slots=True)
class Standing:
    """What holds from cell to cell: a context variable set in an async cell would not.

    Attributes:
        session_id: The notebook's conversation.
        cell: The cell that runs now.
        on_first_bus: Called once, as soon as there is something that could be traced.
        broker_of: Makes a broker of a model's name, for those who stand below brokers.
        widget_of: Gives what opens a widget by its name, for those who stand below widgets.
    """

    session_id: str = ""
    cell: Cell | None = None
    on_first_bus: Callable[[], object] | None = None
    broker_of: Callable[[str], Any] | None = None
    widget_of: Callable[[str], Callable[..., Any]] | None = None


standing = Standing()


def place_of_turn(correlation_id: str) -> Place:
    """The place of a turn that is about to begin here."""
    around = current_place.get()
    session_id = _session.get()
    if around is None:
        trace_id, parent_id = ids.trace_id_of(correlation_id), ""
        session_id = standing.session_id if session_id is None else session_id
        cell = standing.cell
    else:
        trace_id, parent_id, cell = around.trace_id, around.span_id, around.cell
        session_id = around.session_id if session_id is None else session_id

    return Place(trace_id, ids.span_id(), parent_id, session_id, cell)


@contextmanager
def within(place: Place | None) -> Iterator[None]:
    """Let what is called in this block stand under a place; None changes nothing."""
    token = current_place.set(place or current_place.get())
    try:
        yield
    finally:
        current_place.reset(token)


@contextmanager
def in_session(session_id: str) -> Iterator[None]:
    """Count what is called in this block to a conversation."""
    around = current_place.get()
    token = _session.set(session_id)
    outer = current_place.set(replace(around, session_id=session_id) if around else None)
    try:
        yield
    finally:
        current_place.reset(outer)
        _session.reset(token)
