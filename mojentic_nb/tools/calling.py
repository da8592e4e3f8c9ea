"""Running one tool call: find, check, run, check again, tell.

Law: whatever a tool or a model does wrong becomes text for the model, never an
exception for the user; only an interrupt of the user's and a cancellation pass through.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from mojentic_nb.clock import Clock
from mojentic_nb.errors import ToolDenied, ToolError, scrub
from mojentic_nb.events import ToolReturned
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.schema import ShapeError
from mojentic_nb.tools.apart import Apart
from mojentic_nb.tools.consent import Consent, Verdict
from mojentic_nb.tools.definition import LLMTool
from mojentic_nb.tools.policy_scope import check_effects
from mojentic_nb.tools.result import text_of
from mojentic_nb.views.markdown import bounded

__all__ = ["arun", "is_ending", "run", "text_of", "wait_apart"]

Tools = Mapping[str, LLMTool]

# What a tool may raise and still be only a tool that failed.
_FAILURES = (Exception, SystemExit, KeyboardInterrupt, asyncio.CancelledError)


class _Told(Exception):
    """A call that cannot be run, or came to nothing, in words for the model."""


class _TookTooLong(_Told):
    """A call that was stopped because its time was over."""


class _Refused(_Told):
    """A call that may not be run, and who says so."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.refusal)
        self.by = verdict.by


def run(
    tools: Tools,
    call: LLMToolCall,
    clock: Clock,
    *,
    await_here: Callable[[Any], Any],
    within_s: float | None = None,
    consent: Consent | None = None,
) -> ToolReturned:
    """Run a call in this thread; `await_here` waits for an async tool's result."""
    ready = _ready(tools, call)
    if isinstance(ready, Ready) and consent is not None:
        ready = ready.agreed(consent)
    began = clock.now()
    if not isinstance(ready, Ready):
        return _returned(call, ready, 0.0)

    limit_s = ready.limit_s(within_s)
    outcome = ready.attempt() if limit_s is None else _in_time(ready, call, limit_s)
    if not isinstance(outcome, str | BaseException):
        outcome = await_here(_awaited(outcome, call, limit_s, ready))

    return _returned(call, outcome, clock.now() - began, began, ready)


async def arun(
    tools: Tools,
    call: LLMToolCall,
    clock: Clock,
    *,
    within_s: float | None = None,
    consent: Consent | None = None,
) -> ToolReturned:
    """Run a call in the running loop; a sync tool runs in a thread of its own."""
    ready = _ready(tools, call)
    if isinstance(ready, Ready) and consent is not None:
        # A person may take their time, and the loop has others to serve.
        asks = consent.needs_asking(ready.tool, ready.arguments)
        ready = await asyncio.to_thread(ready.agreed, consent) if asks else ready.agreed(consent)
    began = clock.now()
    if not isinstance(ready, Ready):
        return _returned(call, ready, 0.0)

    limit_s = ready.limit_s(within_s)
    if ready.tool.is_async:
        outcome = ready.attempt()
    else:
        apart = Apart(ready.attempt)
        try:
            outcome = await _awaited_outcome(asyncio.wrap_future(apart.future), call, limit_s)
        finally:
            apart.stop()
    if not isinstance(outcome, str | BaseException):
        outcome = await _awaited(outcome, call, limit_s, ready)

    return _returned(call, outcome, clock.now() - began, began, ready)


def _in_time(ready: Ready, call: LLMToolCall, limit_s: float) -> Outcome | Awaitable[Any]:
    if ready.tool.is_async:
        return ready.attempt()

    apart = Apart(ready.attempt)
    try:
        outcome: Outcome | Awaitable[Any] = apart.result(limit_s)
    except TimeoutError:
        return _too_long(call, limit_s)

    return outcome


def _too_long(call: LLMToolCall, limit_s: float | None) -> _Told:
    return _TookTooLong(f"{call.name} took longer than {limit_s:g} s and was stopped.")


def wait_apart(awaitable: Awaitable[Any]) -> Any:
    """Wait for an awaitable on a loop of its own; works inside a running loop too."""

    async def awaited() -> Any:
        return await awaitable

    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, awaited()).result()


# Outcomes are handed back, never raised, across threads and loops: StopIteration would
# not arrive from a thread at all, and SystemExit would end the house loop for good.
Outcome = str | BaseException


@dataclass(frozen=True, slots=True)
class Ready:
    """A call whose tool is there and whose arguments fit; one entry of `tries` for each try."""

    tool: LLMTool
    arguments: dict[str, Any]
    decided_by: str = ""
    tries: list[None] = field(default_factory=list, compare=False)

    def limit_s(self, within_s: float | None) -> float | None:
        """How long it may take: the tool's own bound and the turn's, whichever is less."""
        bounds = [one for one in (self.tool.timeout_s, within_s) if one is not None]
        return min(bounds, default=None)

    def agreed(self, consent: Consent) -> Ready | BaseException:
        """The same, if it may run; asks a person where that is to be asked."""
        verdict = consent.verdict(self.tool, self.arguments)
        return _Refused(verdict) if verdict.refusal else replace(self, decided_by=verdict.by)

    def _tried(self) -> Any:
        self.tries.append(None)
        return self.tool.invoke(self.arguments)

    def attempt(self) -> Outcome | Awaitable[Any]:
        """Run it, again where it failed unforeseen; gives what it returns or raises."""
        for left in range(self.tool.retries, -1, -1):
            try:
                result = _gathered(self._tried())
                return self._again(result) if inspect.isawaitable(result) else self.told(result)
            except _FAILURES as problem:
                if not left or not _may_pass(problem):
                    return _the_tools_own(problem)

        raise AssertionError("unreachable")

    async def _again(self, result: Awaitable[Any]) -> Any:
        for _ in range(self.tool.retries):
            try:
                return await result
            except Exception as problem:
                if not _may_pass(problem):
                    raise
                result = _gathered(self._tried())

        return await result

    def told(self, result: Any) -> str:
        """What a model is told of a result, within the tool's bound.

        Raises:
            _Told: It is not what the tool says it returns.
        """
        text = text_of(result)
        if misfit := self.tool.misfit(result, text=text):
            raise _Told(f"{self.tool.name} {misfit} That is the tool's mistake, not the call's.")

        return bounded(text, self.tool.most_chars)


def _gathered(result: Any) -> Any:
    """The result; all that an async generator gives, as a list still to be awaited."""
    if not inspect.isasyncgen(result):
        return result

    async def gathered() -> list[Any]:
        return [one async for one in result]

    return gathered()


async def _awaited(
    result: Awaitable[Any], call: LLMToolCall, limit_s: float | None, ready: Ready
) -> Outcome:
    try:
        outcome = await _awaited_outcome(result, call, limit_s)
        return outcome if isinstance(outcome, _Told) else ready.told(outcome)
    except _FAILURES as problem:
        return _the_tools_own(problem)


async def _awaited_outcome(result: Awaitable[Any], call: LLMToolCall, limit_s: float | None) -> Any:
    """What an awaitable gives, or in words that it took too long."""
    try:
        async with asyncio.timeout(limit_s) as patience:
            return await result
    except TimeoutError:
        if patience.expired():
            return _too_long(call, limit_s)
        raise  # the tool's own


def _the_tools_own(problem: BaseException) -> BaseException:
    """The problem, unless it is meant for us: an interrupt, or the end of our task."""
    if isinstance(problem, KeyboardInterrupt):
        # Python interrupts the main thread only; anywhere else a tool raised it itself.
        if threading.current_thread() is threading.main_thread():
            raise problem
    elif isinstance(problem, asyncio.CancelledError) and is_ending():
        raise problem

    return problem


def is_ending() -> bool:
    """Whether we are in a task of a running loop that somebody has cancelled."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return False

    return task is not None and task.cancelling() > 0


def _may_pass(problem: BaseException) -> bool:
    """Whether the same call may go well the next time."""
    return isinstance(problem, Exception) and not isinstance(
        problem, _Told | ToolError | ShapeError
    )


def _ready(tools: Tools, call: LLMToolCall) -> Ready | BaseException:
    one = tools.get(call.name)
    if one is None:
        known = ", ".join(tools) or "none"
        return _Told(f"There is no tool {call.name!r}. Tools: {known}.")

    if call.malformed is not None:
        return _Told(f"The arguments are not a JSON object: {call.malformed[:200]}")

    try:
        arguments = one.arguments(call.arguments)
        check_effects(one.effects_of(arguments), whose=one.name)
        return Ready(one, arguments)
    except ShapeError as problem:
        return _Told(f"Wrong arguments: {problem}")
    except _FAILURES as problem:
        return _the_tools_own(problem)


def _returned(
    call: LLMToolCall,
    outcome: Outcome,
    duration_s: float,
    began_at: float = 0.0,
    ready: Ready | None = None,
) -> ToolReturned:
    by, attempts = (ready.decided_by, max(1, len(ready.tries))) if ready else ("", 1)
    if isinstance(outcome, str):
        return ToolReturned(call, outcome, True, duration_s, False, by, began_at, "", attempts)

    text = text_of({"error": scrub(_words(outcome))})
    is_refused = isinstance(outcome, _Refused | ToolDenied)
    by = outcome.by if isinstance(outcome, _Refused | ToolDenied) else by
    kind = _kind(outcome)
    return ToolReturned(call, text, False, duration_s, is_refused, by, began_at, kind, attempts)


def _kind(problem: BaseException) -> str:
    """What a trace calls it: the class of a tool's own error, or our word."""
    if isinstance(problem, _Refused):
        return "refused"
    if isinstance(problem, _TookTooLong):
        return "timeout"

    return "wrong_call" if isinstance(problem, _Told) else type(problem).__name__


def _words(problem: BaseException) -> str:
    kind = type(problem).__name__
    try:
        words = str(problem)
    except Exception:  # an error that cannot even be told
        return kind

    if isinstance(problem, _Told):
        return words
    return f"{kind}: {words}" if words else kind
