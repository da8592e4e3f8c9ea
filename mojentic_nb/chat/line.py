"""A conversation's line: first come, first served, across threads, tasks and jobs.

Law: one is at work at a time, in the order they came. Nobody stands in a line that they
hold up themselves: such a wait would never end. Waiting here is made of slices, so that an
interrupt is felt at once.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent import futures
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, NamedTuple

from mojentic_nb.errors import BadArgument
from mojentic_nb.tools.policy_scope import current_correlation_id

__all__ = ["Line"]

# Seconds; as in `background`.
SLICE_S = 0.1


class _Holder(NamedTuple):
    """Whose turn it is: a thread, and the task in it, if it has a loop."""

    thread: threading.Thread
    task: asyncio.Task[Any] | None

    def is_me(self, *, awaits: bool) -> bool:
        """Whether who asks now is who would have to go on, or stands in their way.

        A stream may be read by many threads in turn, as servers do, but not so what the main
        thread began. Who blocks a loop keeps all of its tasks from going on.
        """
        if self.thread is not threading.current_thread():
            return False
        if awaits:
            return self.task is None or self.task is _task()

        return self.task is not None or self.thread is threading.main_thread()


def _task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


class Line:
    """Who waits for a conversation.

    Attributes:
        at_work: Correlation id of the turn that holds the line; empty for none.
    """

    def __init__(self) -> None:
        self.at_work = ""
        self._waiting: deque[Future[None]] = deque()
        self._lock = threading.Lock()
        self._holder: _Holder | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def _is_in_my_tool(self) -> bool:
        return bool(self.at_work) and current_correlation_id.get() == self.at_work

    def _is_open_here(self, *, awaits: bool) -> bool:
        holder = self._holder
        return holder is not None and holder.is_me(awaits=awaits)

    def _enter(self, place: Future[None], *, awaits: bool) -> None:
        if self._is_in_my_tool():
            raise BadArgument(
                "This conversation is waiting for the tool that asks it something.",
                hint="Ask a fork() of it, or another session.",
            )
        if self._is_open_here(awaits=awaits):
            raise BadArgument(
                "An answer of this conversation is still being read here.",
                hint="Read its stream to the end, or close() it; or ask a fork().",
            )

        with self._lock:
            self._waiting.append(place)
            self._call_first()

    def _leave(self, place: Future[None]) -> None:
        """Give a place up, at one's turn or before, or without having one; may be repeated."""
        with self._lock:
            if self._waiting and self._waiting[0] is place:
                self.at_work, self._holder = "", None
            with suppress(ValueError):
                self._waiting.remove(place)
            self._call_first()

    def _call_first(self) -> None:
        if self._waiting and not self._waiting[0].done():
            self._waiting[0].set_result(None)

    def _begin(self) -> None:
        self._holder = _Holder(threading.current_thread(), _task())

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait here for one's turn, and have it for a block.

        Raises:
            BadArgument: It is who asks, or who called them, that holds the line up.
        """
        place: Future[None] = Future()
        try:
            self._enter(place, awaits=False)
            while not place.done():
                futures.wait([place], timeout=SLICE_S)
            self._begin()
            yield
        finally:
            try:
                self._leave(place)
            except KeyboardInterrupt:
                self._leave(place)  # else nobody could say anything in here any more
                raise

    @contextmanager
    def look(self) -> Iterator[None]:
        """Wait here until nothing changes; at once where that is one's own turn."""
        if self._is_in_my_tool() or self._is_open_here(awaits=False):
            yield
            return

        with self.turn():
            yield

    @asynccontextmanager
    async def aturn(self) -> AsyncIterator[None]:
        """The same in the running loop."""
        place: Future[None] = Future()
        try:
            self._enter(place, awaits=True)
            if not place.done():
                await asyncio.wait([asyncio.wrap_future(place)])
            self._begin()
            yield
        finally:
            try:
                self._leave(place)
            except KeyboardInterrupt:  # it comes into a loop that the main thread drives, too
                self._leave(place)
                raise
