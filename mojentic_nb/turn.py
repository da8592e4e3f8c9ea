"""The conversation loop.

Law: nothing here performs I/O, reads a clock, or knows sync from async. A turn
*yields* what it needs (`Ask`, `Use`, `Wait`, `Tell`) and is *sent* the outcome;
`drive.py` is the only caller. To follow one prompt, read this file first.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from mojentic_nb.errors import GatewayError
from mojentic_nb.events import (
    Answer,
    Event,
    ModelAnswered,
    ModelAsked,
    Retrying,
    ToolCalled,
    ToolReturned,
    TurnFinished,
    Usage,
)
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.messages import LLMMessage, LLMToolCall
from mojentic_nb.request import ChatRequest

__all__ = ["Ask", "Effect", "Outcome", "Tell", "Turn", "Use", "Wait", "one_call", "turn"]


@dataclass(frozen=True, slots=True)
class Ask:
    """Call the model; the outcome is its `Answer`, or a `GatewayError` thrown in."""

    request: ChatRequest


@dataclass(frozen=True, slots=True)
class Use:
    """Run one tool; the outcome is what it returned."""

    call: LLMToolCall


@dataclass(frozen=True, slots=True)
class Wait:
    """Let this many seconds pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Tell:
    """Let everybody know."""

    event: Event


Effect = Ask | Use | Wait | Tell
Outcome = Answer | ToolReturned | None
Turn = Generator[Effect, Outcome, TurnFinished]


def turn(request: ChatRequest, retry: Retry) -> Turn:
    """Hold one exchange with a model until it stops asking for tools.

    At the bound of `config.max_tool_iterations` rounds the model is asked once
    more, to answer without tools: what the tools found is never lost.
    """
    bound = request.config.max_tool_iterations
    answers: list[Answer] = []
    returned: list[ToolReturned] = []
    while True:
        is_last = bound is not None and len(answers) >= bound
        if is_last:
            request = request.as_last()

        answer = yield from ask(request, retry, len(answers) + 1)
        answers.append(answer)
        if not answer.tool_calls or not request.tools or is_last:
            return finished(answers, returned)

        results = yield from use(answer.tool_calls)
        returned += results
        request = request.after(answer, [told(result) for result in results])


def one_call(request: ChatRequest, retry: Retry) -> Turn:
    """Ask once; tools the model wants are named in the answer and not run."""
    answer = yield from ask(request, retry, 1)
    return finished([answer], [])


def ask(
    request: ChatRequest, retry: Retry, round_number: int
) -> Generator[Effect, Outcome, Answer]:
    """Call the model, again where that may help and nothing has been told yet."""
    attempt = 1
    while True:
        yield Tell(ModelAsked(request.model, round_number))
        try:
            answer = yield Ask(request)
        except GatewayError as error:
            wait_s = retry.wait_s(error, attempt=attempt)
            if wait_s is None:
                raise
            yield Tell(Retrying(error, attempt, wait_s))
            yield Wait(wait_s)
            attempt += 1
            continue

        assert isinstance(answer, Answer)
        yield Tell(ModelAnswered(answer))
        return answer


def use(calls: tuple[LLMToolCall, ...]) -> Generator[Effect, Outcome, list[ToolReturned]]:
    """Run tools one after another, in the model's order."""
    results = []
    for call in calls:
        yield Tell(ToolCalled(call))
        returned = yield Use(call)
        assert isinstance(returned, ToolReturned)
        yield Tell(returned)
        results.append(returned)

    return results


def told(returned: ToolReturned) -> LLMMessage:
    """The message that tells a model what its tool returned."""
    return LLMMessage.tool(returned.text, call=returned.call, is_error=not returned.ok)


def finished(answers: list[Answer], returned: list[ToolReturned]) -> TurnFinished:
    """Sum up a turn: the last answer, the usage of all, the times of the whole."""
    first, last = answers[0], answers[-1]
    if first is last:
        return TurnFinished(last, tuple(returned))

    usage = Usage()
    for answer in answers:
        usage += answer.usage

    begun = next((one.first_at for one in answers if one.first_at is not None), None)
    whole = replace(last, usage=usage, asked_at=first.asked_at, first_at=begun)
    return TurnFinished(whole, tuple(returned))
