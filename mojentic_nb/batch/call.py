"""One question of many, asked: whatever happens is its result.

Law: it never raises but when it is cancelled. How a call is made, repeated and paid is the
broker's; here is only what a person would do who waits for it: ask again where it fell
silent or broke off.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from mojentic_nb.batch.engines import comes_whole
from mojentic_nb.batch.pace import Pace
from mojentic_nb.batch.task import Result, Task
from mojentic_nb.catalogue import card, cost_usd
from mojentic_nb.drive import awaiting
from mojentic_nb.errors import (
    BudgetExceeded,
    DeadlineExceeded,
    GatewayError,
    GatewayGarbled,
    GatewayTimeout,
)
from mojentic_nb.events import Limited, ModelAsked, Retrying, TurnFinished
from mojentic_nb.hooks.limit import SLOW_DOWN
from mojentic_nb.hooks.retry import may_help
from mojentic_nb.plan import Plan, planned

__all__ = ["Call", "plan_of", "skipped"]

# A call that fell silent, broke off in the middle or came garbled is made so often: `Retry`
# leaves these alone, for a person who waits or has read half; here nobody does.
ATTEMPTS = 3

# What a further attempt has at least, in seconds: a deadline of 0 is refused.
LEAST_S = 0.001


class Call:
    """One question being asked.

    Attributes:
        has_no_budget: It was not asked: no budget is left for it.
        is_cut: A budget ended its answer: kept, that would stand for the whole one for ever.
        is_road: It failed because the provider could not be reached, refused or broke off.
    """

    def __init__(self, task: Task, pace: Pace, *, is_cold: bool) -> None:
        self._task = task
        self._pace = pace
        self._limited_at: float | None = None
        self._retries = 0
        self._asked_of: tuple[str, str] | None = None
        self.has_no_budget = self.is_road = self.is_cut = False
        broker = task.broker
        self._streams = task.stream and not comes_whole(broker.gateway)
        self._result = Result(
            key=task.key,
            status="error",
            provider=broker.gateway.name,
            model=broker.model,
            wait_s=0.0,
            cold=is_cold,
            asked_ns=time.time_ns(),
        )

    async def made(self) -> Result:
        """Make the call; what came of it, whatever it is."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._asked()
                break
            except Exception as error:
                # A policy or a validator of the caller's may raise anything: it is this row's.
                self._failed(error)
                if attempt == ATTEMPTS or not _is_worth_another(error):
                    break
                self._retries += 1

        self._result.retries = self._retries
        return self._result

    async def _asked(self) -> None:
        task = self._task
        plan = plan_of(task, self._options(), stream=self._streams)
        setting = plan.setting
        if setting.place is not None:
            self._result.span_id = setting.place.span_id
        now = setting.time.now
        began = now()
        try:
            async with aclosing(awaiting(plan.turn, setting)) as events:
                async for event in events:
                    self._heard(event, now)
        finally:
            self._result.duration_s = (self._result.duration_s or 0.0) + now() - began

        assert isinstance(event, TurnFinished)
        self._answered(event)

    def _options(self) -> Any:
        """The task's options; of its deadline what earlier attempts have left."""
        options, spent_s = self._task.options, self._result.duration_s
        deadline = options.get("deadline")
        if deadline is None or not spent_s:
            return options

        return {**options, "deadline": max(deadline - spent_s, LEAST_S)}

    def _heard(self, event: Any, now: Callable[[], float]) -> None:
        kind = type(event)
        if kind is ModelAsked:
            # A fallback's name and price are not those of whom the task names.
            self._asked_of = event.gateway.name, event.model
            if self._limited_at is not None:
                self._waited(now() - self._limited_at)
                self._limited_at = None
        elif kind is Retrying:
            self._retries += 1
            self._waited(event.wait_s)
            self._told(event.error)
        elif kind is Limited:
            self._limited_at = self._limited_at or now()

    def _waited(self, seconds: float) -> None:
        self._result.wait_s = (self._result.wait_s or 0.0) + seconds

    def _told(self, error: BaseException) -> None:
        """A provider said how it is."""
        if not isinstance(error, GatewayError):
            return
        if error.status in SLOW_DOWN:
            self._pace.slow_down(self._task.broker.clock.now(), error.retry_after_s or 0.0)
        else:
            self._pace.went_wrong()

    def _answered(self, finished: TurnFinished) -> None:
        result, answer = self._result, finished.answer
        usage = answer.usage
        result.provider, result.model = self._asked_of or (result.provider, result.model)
        result.status, result.output, result.value = "ok", answer.text, finished.value
        result.error_type = result.error_message = ""
        result.finish_reason, result.cached = answer.finish_reason, answer.is_cached
        result.input_tokens, result.output_tokens = usage.input_tokens, usage.output_tokens
        result.cost = cost_usd(usage, card(result.provider, result.model))
        if self._task.broker.policies.budget is not None and result.finish_reason == "length":
            asked_for = self._task.max_tokens
            self.is_cut = asked_for is None or (usage.output_tokens or 0) < asked_for
        if self._streams and answer.first_at is not None:
            result.ttft_s = answer.first_at - answer.asked_at

    def _failed(self, error: Exception) -> None:
        self._told(error)
        self.has_no_budget = isinstance(error, BudgetExceeded)
        self.is_road = isinstance(error, GatewayError)
        result = self._result
        result.status = "skipped" if self.has_no_budget else "error"
        result.error_type, result.error_message = type(error).__name__, str(error)
        result.output = getattr(error, "partial", "") or getattr(error, "raw", "")


def _is_worth_another(error: Exception) -> bool:
    if isinstance(error, DeadlineExceeded) or not isinstance(error, GatewayError):
        return False

    is_odd = isinstance(error, GatewayTimeout | GatewayGarbled)
    return is_odd or (error.has_begun and may_help(error))


def plan_of(task: Task, options: Any, *, stream: bool = False) -> Plan:
    """How a question will be asked.

    Raises:
        BadArgument: Its settings make no sense.
    """
    how: dict[str, Any] = {"stream": stream, "shape": task.shape, "repairs": task.repairs}
    return planned(task.broker, task.messages, task.tools, task.config, options, **how)


def skipped(task: Task, reason: str) -> Result:
    """The result of a question that was not asked."""
    broker = task.broker
    return Result(
        key=task.key,
        status="skipped",
        error_message=reason,
        provider=broker.gateway.name,
        model=broker.model,
    )
