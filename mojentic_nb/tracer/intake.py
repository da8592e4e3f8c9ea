"""The way of spans from a call to where they are kept.

Law: `take` is all that a call waits for: it puts something on a queue. One daemon thread
writes it out, five times a second at most; whoever wants to look writes out first, under
the same lock. Trouble with the file is told once and ends at memory: it is never raised.
"""

from __future__ import annotations

import atexit
import os
import threading
import warnings
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from mojentic_nb.errors import TraceError
from mojentic_nb.forking import mind_forks
from mojentic_nb.tracer.assembly import Assembly
from mojentic_nb.tracer.content import Content
from mojentic_nb.tracer.finished import Finished
from mojentic_nb.tracer.rows import Batch, RunRow, SessionRow
from mojentic_nb.tracer.span import Span
from mojentic_nb.tracer.store import Store

__all__ = ["Intake"]

# Seconds between two drains; kill -9 loses no more than these and a write.
PAUSE_S = 0.2
# Spans of one transaction.
MOST_AT_ONCE = 256
# Waiting spans above which the oldest lose what was said, and above which they go.
MOST_WITH_CONTENT = 10_000
MOST_WAITING = 50_000


class Intake:
    """Takes what is over, and keeps it.

    Args:
        assembly: Writes spans out.
        content: What was said.
        ring: How many spans are kept in memory.
        store: Where they go besides.
        on_span: Told of every span, as it is written out.
        before: Called before each round of writing out.
    """

    def __init__(
        self,
        assembly: Assembly,
        content: Content,
        *,
        ring: int,
        store: Store | None,
        run: RunRow,
        on_span: Callable[[Span], None] | None = None,
        before: Callable[[], object] = bool,
    ) -> None:
        self._assembly = assembly
        self._content = content
        self._on_span = on_span
        self._before = before
        self.ring: deque[Span] = deque(maxlen=ring)
        self.store = store
        self.taken = 0
        self.dropped = 0
        self.dropped_content = 0
        self.trouble = ""
        self._queue: deque[Finished | Span] = deque()
        self._in_hand: list[Finished | Span] = []  # one at most
        self._batch = Batch(runs=[run])
        self._draining = threading.RLock()
        self._news = threading.Event()
        self._writer: threading.Thread | None = None
        self._pid = os.getpid()
        self._is_closed = False
        _all.add(self)
        mind_forks(self)

    def take(self, done: Finished | Span) -> None:
        """Keep something that is over; never waits, never raises."""
        queue = self._queue
        queue.append(done)
        self.taken += 1
        waiting = len(queue)
        if waiting == 1 or not self._news.is_set():
            self._wake()
        if waiting > MOST_WITH_CONTENT:
            self._relieve(waiting)

    def _wake(self) -> None:
        if self._writer is None or not self._writer.is_alive():
            self._begin_writing()
        self._news.set()

    def _begin_writing(self) -> None:
        if self._is_closed:
            return
        try:
            self._writer = threading.Thread(
                target=_write_on, args=(weakref.ref(self),), name="mojentic-tracer", daemon=True
            )
            self._writer.start()
        except RuntimeError:  # the interpreter is ending; `flush` writes at its exit
            self._writer = None

    def _relieve(self, waiting: int) -> None:
        if waiting > MOST_WAITING:
            try:
                self._queue.popleft()
            except IndexError:
                return
            self.dropped += 1
            return

        # The oldest that still has its words; near the left end, so cheap to reach.
        place = waiting - MOST_WITH_CONTENT - 1
        try:
            oldest = self._queue[place]
        except IndexError:
            return
        if isinstance(oldest, Finished) and oldest.has_content:
            oldest.has_content = False
            oldest.partial = ""
            self.dropped_content += 1

    def drain(self) -> None:
        """Write out all that waits."""
        with self._draining:
            if self._queue:
                self._before()
            while self._is_behind:
                self._write_some()

    @property
    def _is_behind(self) -> bool:
        batch = self._batch
        return bool(self._queue or self._in_hand or batch.spans or batch.sessions)

    def _write_some(self) -> None:
        # An interrupt may come anywhere in here: what is over stays in one place until it is in
        # the next, and no reader minds finding a span twice.
        spans, in_hand = self._batch.spans, self._in_hand
        while len(spans) < MOST_AT_ONCE and (in_hand or self._queue):
            if not in_hand:
                in_hand.append(self._queue.popleft())
            span = self._span(in_hand[0])
            if span is not None:
                spans.append(span)
                self.ring.append(span)
            in_hand.clear()
            if span is not None and self._on_span is not None:
                self._on_span(span)

        self._write()

    def _span(self, done: Finished | Span) -> Span | None:
        try:
            return done if isinstance(done, Span) else self._assembly.span(done)
        except Exception as problem:
            self.dropped += 1
            self._warn(f"A span could not be written out: {type(problem).__name__}.")
            return None

    def add_session(self, session: SessionRow) -> None:
        """Keep what a conversation is called."""
        with self._draining:
            self._batch.sessions.append(session)

    def _write(self) -> None:
        batch = self._batch
        messages, blobs = self._content.take_new()
        batch.messages.extend(messages)
        batch.blobs.extend(blobs)
        batch.prices.extend(self._assembly.take_new_prices())
        runs = batch.runs
        if self.store is not None:
            try:
                self.store.write(batch, again=self._content.again)
                runs = []
            except TraceError as problem:
                self.lose_store(f"{problem.message} The trace goes on in memory. {problem.hint}")
            except Exception as problem:
                told = f"{type(problem).__name__}: {problem}"
                self.lose_store(f"The trace's file failed ({told}). The trace goes on in memory.")
        self._batch = Batch(runs=runs)

    def change_store(self, store: Store | None, run: RunRow, sessions: list[SessionRow]) -> None:
        """Go on in another file, or in none; what is in memory goes there, too."""
        with self._draining:
            self.drain()
            if store is not None:
                kept, prices = list(self.ring), self._assembly.all_prices()
                batch = Batch(spans=kept, prices=prices, runs=[run], sessions=sessions)
                store.write(batch, again=self._content.again)
            before, self.store = self.store, store
            if before is not None:
                before.close()
            self.trouble, self._batch = "", Batch(runs=[run] if store is None else [])

    def lose_store(self, told: str) -> None:
        """Go on in memory, and say so once."""
        store, self.store = self.store, None
        self._warn(told.strip())
        if store is not None:
            with suppress(Exception):
                store.close()

    def _warn(self, told: str) -> None:
        if not self.trouble:
            self.trouble = told
            warnings.warn(told, RuntimeWarning, stacklevel=2)

    def flush(self, timeout: float | None = None) -> bool:
        """Write out all that waits now; whether that was done within the time, in seconds."""
        ends = None if timeout is None else monotonic() + max(0.0, timeout)
        wait_s = -1 if ends is None else max(0.0, ends - monotonic())
        if not self._draining.acquire(timeout=wait_s):
            return False
        try:
            while self._is_behind and (ends is None or monotonic() < ends):
                self._write_some()
        finally:
            self._draining.release()

        return not self._is_behind

    def clear(self) -> None:
        """Forget everything in memory and in the file."""
        with self._draining:
            self._forget_waiting()
            self.ring.clear()
            self._content.clear()
            self.taken = self.dropped = self.dropped_content = 0
            if self.store is not None:
                self.store.clear()

    def _forget_waiting(self) -> None:
        self._queue.clear()
        self._in_hand.clear()
        kept = self._batch
        self._batch = Batch(prices=kept.prices, sessions=kept.sessions, runs=kept.runs)

    def close(self) -> None:
        """Write out what is left and let go of the file; spans are taken in memory after that."""
        self.flush(5.0)
        self._is_closed = True
        self._news.set()
        with self._draining:
            store, self.store = self.store, None
            if store is not None:
                store.close()

    def write_on(self) -> bool:
        """One round of the writer's thread; whether there is to be another."""
        self.drain()
        return not self._is_closed and self._pid == os.getpid()

    def before_fork(self) -> None:
        """Wait until nobody writes: a lock that is held then is never let go of in the child."""
        self._draining.acquire()

    def after_fork(self) -> None:
        """In the parent: go on."""
        self._draining.release()

    def after_fork_in_child(self) -> None:
        """The child has neither the thread nor the right to what waits in the parent."""
        self._pid = os.getpid()
        self._forget_waiting()
        self._draining, self._news, self._writer = threading.RLock(), threading.Event(), None


_all: weakref.WeakSet[Intake] = weakref.WeakSet()


def _write_on(found: weakref.ref[Intake]) -> None:
    # Only weakly held while it waits, so that a tracer nobody uses ends with its thread.
    while (intake := found()) is not None:
        news = intake._news
        del intake
        news.wait(5.0)
        if not news.is_set():
            continue
        threading.Event().wait(PAUSE_S)
        news.clear()
        intake = found()
        if intake is None or not intake.write_on():
            return
        del intake


def _flush_all() -> None:
    for intake in list(_all):
        intake.flush(5.0)


atexit.register(_flush_all)
