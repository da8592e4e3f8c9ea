"""Running one tool call: find, check, run, tell.

Law: whatever a tool or a model does wrong becomes text for the model, never an
exception for the user; only an interrupt of the user's and a cancellation pass through.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from mojentic_nb.clock import Clock
from mojentic_nb.errors import scrub
from mojentic_nb.events import ToolReturned
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.schema import ShapeError
from mojentic_nb.tools.apart import Apart
from mojentic_nb.tools.definition import LLMTool
from mojentic_nb.tools.result import text_of

__all__ = ["arun", "run", "text_of", "wait_apart"]

Tools = Mapping[str, LLMTool]

# What a tool may raise and still be only a tool that failed.
_FAILURES = (Exception, SystemExit, KeyboardInterrupt, asyncio.CancelledError)


class _Told(Exception):
    """A call that cannot be run, in words for the model."""


def run(
    tools: Tools,
    call: LLMToolCall,
    clock: Clock,
    *,
    await_here: Callable[[Any], Any],
    within_s: float | None = None,
) -> ToolReturned:
    """Run a call in this thread; `await_here` waits for an async tool's result."""
    began = clock.now()
    limit_s = _limit(tools, call, within_s)
    outcome = _attempt(tools, call) if limit_s is None else _in_time(tools, call, limit_s)
    if not isinstance(outcome, str | BaseException):
        outcome = await_here(_awaited(outcome, call, limit_s))

    return _returned(call, outcome, clock.now() - began)


async def arun(
    tools: Tools, call: LLMToolCall, clock: Clock, *, within_s: float | None = None
) -> ToolReturned:
    """Run a call in the running loop; a sync tool runs in a thread of its own."""
    began = clock.now()
    limit_s = _limit(tools, call, within_s)
    one = tools.get(call.name)
    if one is None or one.is_async:
        outcome = _attempt(tools, call)
    else:
        apart = Apart(partial(_attempt, tools, call))
        try:
            outcome = await _awaited_outcome(asyncio.wrap_future(apart.future), call, limit_s)
        finally:
            apart.stop()
    if not isinstance(outcome, str | BaseException):
        outcome = await _awaited(outcome, call, limit_s)

    return _returned(call, outcome, clock.now() - began)


def _limit(tools: Tools, call: LLMToolCall, within_s: float | None) -> float | None:
    one = tools.get(call.name)
    if one is None or within_s is None:
        return None if one is None else one.timeout_s

    return within_s if one.timeout_s is None else min(one.timeout_s, within_s)


def _in_time(tools: Tools, call: LLMToolCall, limit_s: float) -> Outcome | Awaitable[Any]:
    one = tools[call.name]
    if one.is_async:
        return _attempt(tools, call)

    apart = Apart(partial(_attempt, tools, call))
    try:
        outcome: Outcome | Awaitable[Any] = apart.result(limit_s)
    except TimeoutError:
        return _too_long(call, limit_s)

    return outcome


def _too_long(call: LLMToolCall, limit_s: float | None) -> _Told:
    return _Told(f"{call.name} took longer than {limit_s:g} s and was stopped.")


def wait_apart(awaitable: Awaitable[Any]) -> Any:
    """Wait for an awaitable on a loop of its own; works inside a running loop too."""

    async def awaited() -> Any:
        return await awaitable

    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, awaited()).result()


# Outcomes are handed back, never raised, across threads and loops: StopIteration would
# not arrive from a thread at all, and SystemExit would end the house loop for good.
Outcome = str | BaseException


def _attempt(tools: Tools, call: LLMToolCall) -> Outcome | Awaitable[Any]:
    try:
        result = _invoke(tools, call)
        return result if inspect.isawaitable(result) else text_of(result)
    except _FAILURES as problem:
        return _the_tools_own(problem)


async def _awaited(result: Awaitable[Any], call: LLMToolCall, limit_s: float | None) -> Outcome:
    try:
        outcome = await _awaited_outcome(result, call, limit_s)
        return outcome if isinstance(outcome, _Told) else text_of(outcome)
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
    elif isinstance(problem, asyncio.CancelledError) and _is_ending():
        raise problem

    return problem


def _is_ending() -> bool:
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return False

    return task is not None and task.cancelling() > 0


def _invoke(tools: Tools, call: LLMToolCall) -> Any:
    one = tools.get(call.name)
    if one is None:
        known = ", ".join(tools) or "none"
        raise _Told(f"There is no tool {call.name!r}. Tools: {known}.")

    if call.malformed is not None:
        raise _Told(f"The arguments are not a JSON object: {call.malformed[:200]}")

    try:
        arguments = one.arguments(call.arguments)
    except ShapeError as problem:
        raise _Told(f"Wrong arguments: {problem}") from None

    return one.invoke(arguments)


def _returned(call: LLMToolCall, outcome: Outcome, duration_s: float) -> ToolReturned:
    if isinstance(outcome, str):
        return ToolReturned(call, outcome, True, duration_s)

    text = text_of({"error": scrub(_words(outcome))})
    return ToolReturned(call, text, False, duration_s)


def _words(problem: BaseException) -> str:
    kind = type(problem).__name__
    try:
        words = str(problem)
    except Exception:  # an error that cannot even be told
        return kind

    if isinstance(problem, _Told):
        return words
    return f"{kind}: {words}" if words else kind
