"""The conversation loop.

Law: nothing here performs I/O, reads a clock, or knows sync from async. A turn
*yields* what it needs (`Ask`, `Use`, `Wait`, `Tell`) and is *sent* the outcome;
`drive.py` is the only caller. To follow one prompt, read this file first.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from mojentic_nb.effects import (
    Ask,
    Asking,
    Call,
    Effect,
    Outcome,
    Proceed,
    Tell,
    Turn,
    Use,
    UseTogether,
)
from mojentic_nb.events import (
    Answer,
    ModelAnswered,
    ModelAsked,
    ToolCalled,
    ToolReturned,
    TurnFinished,
    Usage,
)
from mojentic_nb.messages import LLMMessage, LLMToolCall
from mojentic_nb.request import ChatRequest

__all__ = ["model_call", "one_call", "turn"]


def turn(first: Call, proceed: Proceed) -> Turn:
    """Hold one exchange with a model until it stops asking for tools.

    At the bound of `config.max_tool_iterations` rounds the model is asked once
    more, to answer without tools: what the tools found is never lost.

    Args:
        first: What is asked, and of which gateway.
        proceed: Makes one call of the model, policies included.
    """
    request = first.request
    bound = request.config.max_tool_iterations
    answers: list[Answer] = []
    returned: list[ToolReturned] = []
    while True:
        is_last = bound is not None and len(answers) >= bound
        if is_last:
            request = request.as_last()

        answer = yield from proceed(next_call(first, request, len(answers)))
        answers.append(answer)
        if not answer.tool_calls or not request.tools or is_last:
            return finished(answers, returned)

        results = yield from use(answer.tool_calls, first.tools_at_once)
        returned += results
        request = request.after(answer, [told(result) for result in results])


def one_call(first: Call, proceed: Proceed) -> Turn:
    """Ask once; tools the model wants are named in the answer and not run."""
    answer = yield from proceed(first)
    return finished([answer], [])


def next_call(first: Call, request: ChatRequest, answered: int) -> Call:
    """The call that asks this, after so many answers."""
    if request is first.request and answered + 1 == first.round:
        return first

    return replace(first, request=request, round=answered + 1)


def model_call(call: Call) -> Asking:
    """Call the model, once: the inmost step of every policy."""
    yield Tell(ModelAsked(call.request.model, call.round, call.request, call.gateway))
    answer = yield Ask(call.request, call.gateway)
    assert isinstance(answer, Answer)
    yield Tell(ModelAnswered(answer))
    return answer


def use(
    calls: tuple[LLMToolCall, ...], at_once: int
) -> Generator[Effect, Outcome, list[ToolReturned]]:
    """Run tools one after another, or several at once; results in the model's order."""
    if at_once > 1 and len(calls) > 1:
        return (yield from use_together(calls, at_once))

    results = []
    for call in calls:
        yield Tell(ToolCalled(call))
        returned = yield Use(call)
        assert isinstance(returned, ToolReturned)
        yield Tell(returned)
        results.append(returned)

    return results


def use_together(
    calls: tuple[LLMToolCall, ...], at_once: int
) -> Generator[Effect, Outcome, list[ToolReturned]]:
    """Run several tools at once."""
    for call in calls:
        yield Tell(ToolCalled(call))

    results = yield UseTogether(calls, at_once)
    assert isinstance(results, list)
    for returned in results:
        yield Tell(returned)

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
    is_cached = all(one.is_cached for one in answers)
    whole = replace(last, usage=usage, is_cached=is_cached, asked_at=first.asked_at, first_at=begun)
    return TurnFinished(whole, tuple(returned))
