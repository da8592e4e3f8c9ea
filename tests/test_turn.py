"""The turn, driven by hand: no network, no clock, no thread."""

from __future__ import annotations

from typing import Any

import pytest

from mojentic_nb import turn as turns
from mojentic_nb.config import CompletionConfig
from mojentic_nb.effects import Ask, Call, Effect, Tell, Turn, Use, Wait
from mojentic_nb.errors import GatewayBusy, GatewayError, GatewayStatus, GatewayTorn
from mojentic_nb.events import Answer, ModelAsked, Retrying, ToolReturned, TurnFinished, Usage
from mojentic_nb.hooks.chain import chained
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.request import ChatRequest, ToolSpec

LOOK = ToolSpec(name="look", description="", parameters={"type": "object"})
ONCE = Retry(attempts=1)


def request(**settings: Any) -> ChatRequest:
    return ChatRequest(
        model="m",
        messages=(LLMMessage.user("hi"),),
        tools=(LOOK,),
        config=CompletionConfig(**settings),
    )


def says(text: str, *, usage: int = 1, at: float = 0.0) -> Answer:
    used = Usage(input_tokens=usage, output_tokens=usage)
    return Answer(text=text, usage=used, asked_at=at, first_at=at + 1, answered_at=at + 2)


def wants(*names: str) -> Answer:
    calls = tuple(LLMToolCall(id=f"c{n}", name=name) for n, name in enumerate(names))
    return Answer(tool_calls=calls, finish_reason="tool_calls", usage=Usage(input_tokens=1))


def turn(request: ChatRequest, retry: Retry) -> Turn:
    """A turn with its retries around each call."""
    return turns.turn(Call(request=request, gateway=None), chained([retry], turns.model_call))


def one_call(request: ChatRequest, retry: Retry) -> Turn:
    return turns.one_call(Call(request=request, gateway=None), chained([retry], turns.model_call))


def play(whole: Turn, *outcomes: Answer | GatewayError) -> tuple[TurnFinished, list[Effect]]:
    """Run a turn to its end, answering each Ask with the next outcome."""
    left = list(outcomes)
    effects: list[Effect] = []
    effect = next(whole)
    while True:
        effects.append(effect)
        try:
            effect = perform(whole, effect, left)
        except StopIteration as end:
            assert not left, "the turn asked less often than expected"
            return end.value, effects


def perform(whole: Turn, effect: Effect, left: list[Answer | GatewayError]) -> Effect:
    if isinstance(effect, Ask):
        outcome = left.pop(0)
        return whole.throw(outcome) if isinstance(outcome, GatewayError) else whole.send(outcome)

    if isinstance(effect, Use):
        return whole.send(ToolReturned(effect.call, "found", True, 0.0))

    return whole.send(None)


def asked(effects: list[Effect]) -> list[ChatRequest]:
    return [effect.request for effect in effects if isinstance(effect, Ask)]


def test_an_answer_without_tools_ends_the_turn() -> None:
    finished, effects = play(turn(request(), ONCE), says("hello"))
    assert finished.answer == says("hello")
    assert [type(effect) for effect in effects] == [Tell, Ask, Tell]


def test_tools_run_in_order_and_their_results_go_back() -> None:
    finished, effects = play(turn(request(), ONCE), wants("look", "see"), says("done"))
    second = asked(effects)[1].messages
    assert [message.role for message in second] == ["user", "assistant", "tool", "tool"]
    assert [m.tool_calls[0].name for m in second[2:] if m.tool_calls] == ["look", "see"]
    assert [result.call.name for result in finished.calls] == ["look", "see"]


def test_the_first_request_is_never_changed() -> None:
    first = request()
    before = first.messages
    play(turn(first, ONCE), wants("look"), says("done"))
    assert first.messages is before
    assert len(before) == 1


@pytest.mark.parametrize("bound, rounds_with_tools", [(0, 0), (1, 1), (3, 3)])
def test_at_the_bound_the_model_answers_without_tools(bound: int, rounds_with_tools: int) -> None:
    outcomes = [wants("look")] * bound + [says("what I know")]
    finished, effects = play(turn(request(max_tool_iterations=bound), ONCE), *outcomes)
    assert finished.answer.text == "what I know"
    assert [one.is_last for one in asked(effects)] == [False] * bound + [True]
    assert len(finished.calls) == rounds_with_tools


def test_a_model_that_still_wants_tools_at_the_bound_runs_none() -> None:
    finished, effects = play(turn(request(max_tool_iterations=0), ONCE), wants("look"))
    assert not any(isinstance(effect, Use) for effect in effects)
    assert finished.answer.tool_calls


def test_without_a_bound_it_goes_on() -> None:
    outcomes = [wants("look")] * 30 + [says("done")]
    finished, _ = play(turn(request(max_tool_iterations=None), ONCE), *outcomes)
    assert len(finished.calls) == 30


def test_usage_adds_up_and_times_span_the_turn() -> None:
    finished, _ = play(turn(request(), ONCE), wants("look"), says("done", usage=5, at=10.0))
    assert finished.answer.usage == Usage(input_tokens=6, output_tokens=5)
    assert (finished.answer.asked_at, finished.answer.first_at) == (0.0, 11.0)
    assert finished.answer.answered_at == 12.0


def test_one_call_runs_no_tools() -> None:
    finished, effects = play(one_call(request(), ONCE), wants("look"))
    assert [call.name for call in finished.answer.tool_calls] == ["look"]
    assert not any(isinstance(effect, Use) for effect in effects)


def test_a_busy_server_is_asked_again_after_its_wait() -> None:
    busy = GatewayBusy("slow down", status=429, retry_after_s=7.0)
    retry = Retry(attempts=2, jitter_s=0)
    finished, effects = play(turn(request(), retry), busy, says("now"))
    assert finished.answer.text == "now"
    assert [effect.seconds for effect in effects if isinstance(effect, Wait)] == [7.0]
    told = [effect.event for effect in effects if isinstance(effect, Tell)]
    assert Retrying(busy, 1, 7.0) in told
    assert [event.round for event in told if isinstance(event, ModelAsked)] == [1, 1]


def test_waits_double_up_to_their_cap() -> None:
    torn = [GatewayTorn("gone") for _ in range(4)]
    retry = Retry(attempts=5, base_s=1, cap_s=3, jitter_s=0)
    _, effects = play(turn(request(), retry), *torn, says("now"))
    assert [effect.seconds for effect in effects if isinstance(effect, Wait)] == [1, 2, 3, 3]


def begun() -> GatewayError:
    error = GatewayTorn("gone")
    error.has_begun = True
    return error


@pytest.mark.parametrize(
    "error",
    [
        begun(),
        GatewayStatus("bad", status=400),
        GatewayBusy("wait an hour", status=429, retry_after_s=3600),
    ],
)
def test_what_cannot_help_is_not_tried(error: GatewayError) -> None:
    with pytest.raises(type(error)) as caught:
        play(turn(request(), Retry(attempts=5)), error)
    assert caught.value is error


def test_roles_are_words() -> None:
    assert str(MessageRole.Tool) == "tool"
