"""The house loop: one thread, one loop, for work that must not block a cell.

Law: nobody waits for the house loop on the house loop. Every wait is made of short
slices, so that an interrupt is felt at once on every system, and cancels in turn.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import aclosing
from typing import Any, TypeVar

from mojentic_nb.errors import BadArgument, JobCancelled
from mojentic_nb.events import Event, TextDelta, TurnFinished
from mojentic_nb.reply import Reply

__all__ = ["Job", "wait_for"]

T = TypeVar("T")

# Seconds. Long enough to cost nothing, short enough to feel immediate (Nielsen's 0.1 s).
SLICE_S = 0.1

_loop: asyncio.AbstractEventLoop | None = None
_starting = threading.Lock()


def house_loop() -> asyncio.AbstractEventLoop:
    """The one background loop, started on first use in a daemon thread."""
    global _loop
    with _starting:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="mojentic-house", daemon=True).start()

        return _loop


def _start(work: Coroutine[Any, Any, T]) -> Future[T]:
    return asyncio.run_coroutine_threadsafe(work, house_loop())


def _wait(
    future: Future[T], timeout: float | None = None, between: Callable[[], object] | None = None
) -> T:
    """Wait in slices; an interrupt cancels the work and goes on up."""
    _refuse_own_loop()
    try:
        return _in_slices(future, timeout, between)
    except KeyboardInterrupt:
        future.cancel()
        raise


def _in_slices(future: Future[T], timeout: float | None, between: Callable[[], object] | None) -> T:
    ends = None if timeout is None else time.monotonic() + timeout
    while True:
        if between is not None:
            between()
        left = SLICE_S if ends is None else min(SLICE_S, ends - time.monotonic())
        try:
            return future.result(max(0.0, left))
        except TimeoutError:
            if future.done():
                raise  # the work's own
            if ends is not None and time.monotonic() >= ends:
                raise TimeoutError(f"no result after {timeout:g} s; it is still running") from None


def _refuse_own_loop() -> None:
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        return

    if running is _loop:
        raise BadArgument(
            "Waiting for a job on the loop that runs it would never end.",
            hint="Use the awaiting form (agenerate) there.",
        )


def wait_for(awaitable: Any, between: Callable[[], object] | None = None) -> Any:
    """Run an awaitable on the house loop and wait for its result here.

    Args:
        awaitable: What to run.
        between: Called in this thread every `SLICE_S` seconds while it waits.
    """

    async def awaited() -> Any:
        return await awaitable

    return _wait(_start(awaited()), between=between)


class Job:
    """A turn under way on the house loop.

    Made by `LLMBroker.submit`. Any thread may read, wait for or cancel it.
    """

    def __init__(
        self, begin: Callable[[], AsyncGenerator[Event, None]], *, correlation_id: str
    ) -> None:
        self.correlation_id = correlation_id
        self._begin = begin
        self._events: list[Event] = []
        self._news = threading.Condition()
        self._future = _start(self._run())
        self._future.add_done_callback(lambda _: self._wake())

    def __repr__(self) -> str:
        return f"Job({'cancelled' if self.cancelled else 'done' if self.done else 'running'})"

    async def _run(self) -> Reply:
        async with aclosing(self._begin()) as events:
            async for event in events:
                with self._news:
                    self._events.append(event)
                    self._news.notify_all()

        assert isinstance(event, TurnFinished)
        return Reply.of(event, correlation_id=self.correlation_id)

    def _wake(self) -> None:
        with self._news:
            self._news.notify_all()

    @property
    def done(self) -> bool:
        """Whether it is over, well or badly."""
        return self._future.done()

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled before its end."""
        return self._future.cancelled()

    @property
    def text(self) -> str:
        """The text received so far."""
        return "".join(one.text for one in list(self._events) if type(one) is TextDelta)

    def cancel(self) -> bool:
        """Stop it and hang up; whether there was anything left to stop."""
        return self._future.cancel()

    def result(self, timeout: float | None = None) -> Reply:
        """Wait for the reply.

        Args:
            timeout: Seconds to wait; the job itself goes on after them.

        Raises:
            TimeoutError: It is still running.
            JobCancelled: It was cancelled.
            MojenticError: What went wrong in the turn.
        """
        try:
            return _wait(self._future, timeout)
        except CancelledError:
            told = "The job was cancelled before it had an answer."
            raise JobCancelled(told, partial=self.text) from None

    def events(self) -> Iterator[Event]:
        """All events from the first one on, as they come; ends with the job.

        Errors are told as `TurnFailed` and raised by `result` alone.
        """
        _refuse_own_loop()
        seen = 0
        while True:
            with self._news:
                while len(self._events) == seen and not self.done:
                    self._news.wait(SLICE_S)
                fresh = self._events[seen:]

            seen += len(fresh)
            yield from fresh
            if not fresh and self.done and len(self._events) == seen:
                return


def _forget_after_fork() -> None:
    # The thread did not come along; the child starts its own when it needs one.
    global _loop, _starting
    _loop, _starting = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
