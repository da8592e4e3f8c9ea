"""Many questions at once: as many as the providers take, each result handed on as it comes.

Law: one question's failure is its own result. What is under way when a run is interrupted
is hung up; what was done stays done. Tasks are taken from their source as they are needed,
so that memory does not grow with their number. Nothing is decided here on how a call is
made: that is the broker's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from mojentic_nb.background import SLICE_S, wait_for
from mojentic_nb.batch.call import Call, skipped
from mojentic_nb.batch.pace import AUTO, Pace
from mojentic_nb.batch.store import AHEAD, ResultStore, kept_of
from mojentic_nb.batch.summary import Summary
from mojentic_nb.batch.task import Result, Task
from mojentic_nb.clock import Clock, SystemClock
from mojentic_nb.errors import BadArgument

__all__ = ["Run", "Take", "arun", "places_of", "run"]

Take = Callable[[Task, Result], None]

# So many failures in a row, and nothing else yet, and the rest of a provider's questions is
# not asked: it is not there, or does not know the key or the model.
HOPELESS = 20


def run(
    tasks: Iterable[Task],
    take: Take,
    *,
    between: Callable[[], object] | None = None,
    **settings: Any,
) -> Summary:
    """Ask all questions on the house loop and wait; the arguments are `Run`'s.

    Args:
        tasks: The questions.
        take: Given each result, on the house loop.
        between: Called in this thread ten times a second meanwhile.
        **settings: See `Run`.

    Raises:
        KeyboardInterrupt: What is done has been taken; what was under way is hung up.
    """
    work = Run(tasks, take, **settings)
    try:
        wait_for(work.whole(), between)
    except KeyboardInterrupt:
        work.ended()
        raise

    return work.summary


async def arun(
    tasks: Iterable[Task],
    take: Take,
    *,
    between: Callable[[], object] | None = None,
    **settings: Any,
) -> Summary:
    """Ask all questions in the running loop; the arguments are `run`'s."""
    work = Run(tasks, take, **settings)
    beat = asyncio.ensure_future(_beating(between))
    try:
        await work.whole()
    finally:
        beat.cancel()

    return work.summary


async def _beating(between: Callable[[], object] | None) -> None:
    # A kernel's loop hears of an interrupt only when something wakes it, and a silent
    # provider does not.
    while True:
        if between is not None:
            between()
        await asyncio.sleep(SLICE_S)


class Run:
    """Many questions under way.

    Args:
        tasks: The questions, in the order in which they are begun.
        take: Given each task with its result, in the order in which they are done, in the
            thread of the loop.
        concurrency: Calls at once at each provider's address, which a 429 makes fewer;
            `"auto"` begins with four.
        store: What has answers of earlier runs, and keeps those of this one.
        summary: What is kept up to date, where somebody else reads it meanwhile.

    Raises:
        BadArgument: The concurrency is no number above 0.

    Attributes:
        summary: What it came to so far.
    """

    def __init__(
        self,
        tasks: Iterable[Task],
        take: Take,
        *,
        concurrency: int | str = AUTO,
        store: ResultStore | None = None,
        summary: Summary | None = None,
    ) -> None:
        self.summary = summary or Summary()
        self._source = iter(tasks)
        self._take = take
        self._places = places_of(concurrency)
        self._store = store
        self._lanes: dict[tuple[str, str], _Lane] = {}
        self._met: set[tuple[str, str, str]] = set()
        self._is_over = False

    async def whole(self) -> None:
        """Ask until nothing is left."""
        began = SystemClock.now()
        try:
            await self._all()
            self._skip_the_rest()
            self.summary.status = "stopped" if self.summary.skipped else "complete"
        finally:
            self.ended()
            self.summary.wall_s = SystemClock.now() - began

    def ended(self) -> None:
        """Take no result any more, and keep what there is."""
        self._is_over = True
        if self._store is not None:
            self._store.flush()

    async def _all(self) -> None:
        try:
            async with asyncio.TaskGroup() as self._group:
                while not self._lanes and self._read_on():
                    pass
        except BaseExceptionGroup as several:
            # Whoever takes the results raised; one of them says it all.
            problem = several.exceptions[0]
        else:
            return

        raise problem

    def _read_on(self) -> bool:
        """Read some more tasks; False where there are none."""
        some = list(islice(self._source, AHEAD))
        kept = kept_of(some, self._store)
        for task in some:
            result = kept.get(task.key)
            if result is None:
                self._queue(task)
            else:
                self._done(task, result)

        return bool(some)

    def _queue(self, task: Task) -> None:
        gateway = task.broker.gateway
        where = (gateway.name, gateway.url)
        lane = self._lanes.get(where)
        if lane is None:
            lane = self._lanes[where] = _Lane(Pace(self._places), task.broker.clock)
        lane.waiting.append(task)
        if not lane.workers:
            self._hire(lane)

    def _hire(self, lane: _Lane) -> None:
        lane.workers += 1
        self._group.create_task(self._work(lane))

    async def _work(self, lane: _Lane) -> None:
        """Ask one question after another, as long as this many may be under way."""
        while lane.workers <= lane.pace.limit and (task := self._next(lane)) is not None:
            # This one has left the line, so one more may be asked beside it.
            if lane.workers < lane.pace.limit and not lane.is_short:
                self._hire(lane)
            while pause_s := lane.pace.pause_s(lane.clock.now()):
                await lane.clock.asleep(pause_s)
            call = Call(task, lane.pace, is_cold=self._is_cold(task))
            result = await call.made()
            if call.has_no_budget and not self._is_last_money(task, lane, result):
                break
            lane.learn(result, is_road=call.is_road)
            self._pay_for_more()
            if self._store is not None and not call.is_cut:
                self._store.put(result)
            self._done(task, result)

        lane.workers -= 1

    def _is_last_money(self, task: Task, lane: _Lane, result: Result) -> bool:
        """Whether a budget is used up, and not only held by other calls under way."""
        if sum(one.workers for one in self._lanes.values()) > 1:
            lane.is_short = True
            lane.waiting.appendleft(task)
            return False

        self.summary.reason = self.summary.reason or result.error_message
        return True

    def _pay_for_more(self) -> None:
        """Ask on where the money was short: a call is over, and holds none any more."""
        for lane in self._lanes.values():
            if lane.is_short:
                lane.is_short = False
                if not lane.workers:
                    self._hire(lane)

    def _next(self, lane: _Lane) -> Task | None:
        while not self.summary.reason:
            if not lane.waiting and not self._read_on():
                return None
            if lane.waiting:
                task = lane.waiting.popleft()
                if not lane.is_hopeless:
                    return task
                self._done(task, skipped(task, lane.trouble))

        return None

    def _done(self, task: Task, result: Result) -> None:
        if not self._is_over:
            self.summary.add(result)
            self._take(task, result)

    def _skip_the_rest(self) -> None:
        for lane in self._lanes.values():
            for task in lane.waiting:
                self._done(task, skipped(task, self.summary.reason))
        for task in self._source:
            self._done(task, skipped(task, self.summary.reason))
        if self.summary.skipped and not self.summary.reason:
            self.summary.reason = next(one.trouble for one in self._lanes.values() if one.trouble)

    def _is_cold(self, task: Task) -> bool:
        who = (task.broker.gateway.name, task.broker.gateway.url, task.broker.model)
        is_cold = who not in self._met
        self._met.add(who)
        return is_cold


def places_of(concurrency: int | str) -> int | None:
    """What `concurrency=` says; `None` for `"auto"`.

    Raises:
        BadArgument: It is neither that nor a whole number above 0.
    """
    if concurrency == AUTO:
        return None
    if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
        raise BadArgument(
            f"concurrency={concurrency!r} is no number of calls.", hint='Give 8, or "auto".'
        )

    return concurrency


class _Lane:
    """The questions for one provider's address, and how it takes them."""

    def __init__(self, pace: Pace, clock: Clock) -> None:
        self.pace = pace
        self.clock = clock
        self.waiting: deque[Task] = deque()
        self.workers = 0
        self.trouble = ""
        self.is_short = False  # of money: what is under way holds what is left
        self._failed = 0
        self._is_answered = False

    @property
    def is_hopeless(self) -> bool:
        """Whether nothing has come of this many questions."""
        return self._failed >= HOPELESS and not self._is_answered

    def learn(self, result: Result, *, is_road: bool) -> None:
        """Count an answer, or a failure of the road."""
        if result.ok:
            self._is_answered = True
            self.pace.went_well()
        elif is_road:
            self._failed += 1
            self.trouble = (
                f"Not asked: {self._failed} questions to {result.provider} failed, and none was"
                f" answered. The last one: {result.error_message}"
            )
