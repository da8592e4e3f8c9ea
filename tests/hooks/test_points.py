"""People's own policies: what they can do, and how a slip is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mojentic_nb import LLMBroker, LLMMessage, errors, tool
from mojentic_nb.clock import Clock, FrozenClock
from mojentic_nb.effects import Asking, Call, Proceed, Stopped, Tell, Turn, Use, Wait
from mojentic_nb.errors import BadArgument, GatewayError
from mojentic_nb.events import Answer, ModelAsked, Repairing, TurnFinished
from mojentic_nb.gateways.demo import DemoGateway
from tests import loopback as provider
from tests.loopback import Fault, Loopback, ToolUse
from tests.shapes import (
    PROTOCOLS,
    Protocol,
    Shape,
    both_drivers,
    every_protocol,
    every_shape,
    every_shape_and_object,
)

OLLAMA, OPENAI, ANTHROPIC = PROTOCOLS


class Shouting:
    """Asks in capitals, and gives the answer in capitals."""

    def around_model(self, call: Call, proceed: Proceed) -> Asking:
        loud = [LLMMessage.user(str(one.content).upper()) for one in call.request.messages]
        answer = yield from proceed(
            replace(call, request=replace(call.request, messages=tuple(loud)))
        )
        return replace(answer, text=answer.text.upper())


@every_protocol
@every_shape
def test_one_may_change_what_is_asked_and_answered(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    loopback.script(provider.Answer("yes"))
    outcome = shape.run(protocol.broker(loopback.url, policies=[Shouting()]), "is it?")
    assert outcome.text == ("YES" if shape.name in ("generate", "agenerate", "submit") else "yes")
    assert "IS IT?" in str(loopback.requests[0].body["messages"])


class Known:
    """Answers by itself."""

    def around_model(self, call: Call, proceed: Proceed) -> Asking:
        yield Tell(ModelAsked("nobody", call.round))
        return Answer(text='{"said": "mine"}')


@every_shape_and_object
def test_one_may_answer_by_itself(loopback: Loopback, shape: Shape) -> None:
    outcome = shape.run(OPENAI.broker(loopback.url, policies=[Known()]), "hi")
    assert outcome.error is None
    assert loopback.requests == []


class Patient:
    """Waits, asks again after an error, and says so."""

    def around_model(self, call: Call, proceed: Proceed) -> Asking:
        try:
            return (yield from proceed(call))
        except GatewayError as error:
            yield Tell(Repairing(error.message, 1))
            yield Wait(5.0)
            return (yield from proceed(call))


@every_shape
def test_one_may_wait_tell_and_ask_again(loopback: Loopback, shape: Shape) -> None:
    loopback.script(provider.Answer.error(418, "No"), provider.Answer("yes"))
    clock = FrozenClock()
    broker = OPENAI.broker(loopback.url, policies=[Patient()], clock=clock)
    told: list[Any] = []
    broker.subscribe(lambda envelope: told.append(envelope.event))
    assert shape.run(broker, "hi").text == "yes"
    assert clock.waits == [5.0]
    assert [event.attempt for event in told if isinstance(event, Repairing)] == [1]


class Steps:
    """Notes the effects of a turn; refuses nothing."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def around_turn(self, turn: Turn) -> Turn:
        outcome = None
        while True:
            try:
                effect = turn.send(outcome)
            except StopIteration as end:
                finished: TurnFinished = end.value
                return finished

            self.seen.append(type(effect).__name__)
            outcome = yield effect


@every_shape
def test_one_may_stand_around_a_turn(loopback: Loopback, shape: Shape) -> None:
    @tool
    def look() -> str:
        """Look."""
        return "a bird"

    loopback.script(provider.Answer(tools=[ToolUse("look")]), provider.Answer("A bird."))
    steps = Steps()
    outcome = shape.run(OPENAI.broker(loopback.url, policies=[steps]), "hi", tools=[look])
    assert outcome.text == "A bird."
    assert [name for name in steps.seen if name != "Tell"] == ["Ask", "Use", "Ask"]


class NoTools:
    """Lets no tool run."""

    def around_turn(self, turn: Turn) -> Turn:
        for effect in turn:
            if isinstance(effect, Use):
                turn.close()
                return TurnFinished(Answer(text="no tools here"))
            outcome = yield effect
            while outcome is not None:
                effect = turn.send(outcome)
                if isinstance(effect, Use):
                    turn.close()
                    return TurnFinished(Answer(text="no tools here"))
                outcome = yield effect
        raise AssertionError("a tool was to be asked for")


@every_shape
def test_one_may_end_a_turn(loopback: Loopback, shape: Shape) -> None:
    ran: list[int] = []

    @tool
    def look() -> str:
        """Look."""
        ran.append(1)
        return "a bird"

    loopback.script(provider.Answer(tools=[ToolUse("look")]))
    assert (
        shape.run(OPENAI.broker(loopback.url, policies=[NoTools()]), "hi", tools=[look]).error
        is None
    )
    assert ran == []


class Counting:
    """Remembers something for one turn only."""

    def __init__(self) -> None:
        self.turns: list[list[float]] = []

    def begin(self, clock: Clock) -> Any:
        times: list[float] = []
        self.turns.append(times)

        class Counted:
            def around_model(self, call: Call, proceed: Proceed) -> Asking:
                times.append(clock.now())
                return (yield from proceed(call))

        return Counted()


@every_shape
def test_one_may_remember_for_one_turn(loopback: Loopback, shape: Shape) -> None:
    counting = Counting()
    broker = OPENAI.broker(loopback.url, policies=[counting], clock=FrozenClock(7.0))
    for _ in range(2):
        assert shape.run(broker, "hi").error is None
    assert counting.turns == [[7.0], [7.0]]


def test_the_first_is_outermost(loopback: Loopback) -> None:
    seen: list[str] = []

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

        def around_model(self, call: Call, proceed: Proceed) -> Asking:
            seen.append(f"{self.name} in")
            answer = yield from proceed(call)
            seen.append(f"{self.name} out")
            return answer

    OPENAI.broker(loopback.url, policies=[Named("a"), Named("b")]).generate("hi")
    assert seen == ["a in", "b in", "b out", "a out"]


def test_one_may_simply_pass_it_on(loopback: Loopback) -> None:
    class Passing:
        def around_model(self, call: Call, proceed: Proceed) -> Asking:
            return proceed(call)

        def around_turn(self, turn: Turn) -> Turn:
            return turn

    broker = OPENAI.broker(loopback.url, policies=[Passing()])
    assert broker.generate("hi") == "Hello from loopback."


def test_one_learns_what_had_come_when_the_reader_goes(loopback: Loopback) -> None:
    seen: list[str] = []

    class Learning:
        def around_model(self, call: Call, proceed: Proceed) -> Asking:
            try:
                return (yield from proceed(call))
            except Stopped as gone:
                seen.append(gone.text)
                raise

    loopback.script(provider.Answer("one two three", fault=Fault.SILENT, fault_after=1))
    for _piece in OPENAI.broker(loopback.url, policies=[Learning()]).generate_stream("hi"):
        break
    assert seen == ["one "]


class Neither:
    pass


class Late:
    async def around_model(self, call: Call, proceed: Proceed) -> Any:
        return None


class LateToo:
    async def around_turn(self, turn: Turn) -> Any:
        yield None


@pytest.mark.parametrize(
    "given, words",
    [([Neither()], "is no policy.*around_turn, around_model"), ([None], "None is no policy"),
     (["x"], "'x' is no policy"), ([Known], "is a class.*Make one: Known"),
     ([Late()], "async.*every call shape"), ([LateToo()], "async"), (None, "no list of policies"),
     (Known(), r"no list of policies.*policies=\[…\]"), ("around", "no list of policies")],
)  # fmt: skip
def test_what_is_no_policy_is_refused_at_once(given: Any, words: str) -> None:
    with pytest.raises(BadArgument, match=words):
        LLMBroker("demo", DemoGateway(), policies=given)


class Forgetful:
    def around_model(self, call: Call, proceed: Proceed) -> Any:
        yield from proceed(call)


class Hasty:
    def around_model(self, call: Call, proceed: Proceed) -> Any:
        return Answer(text="at once")


class Careless:
    def around_model(self, call: Call, proceed: Proceed) -> Any:
        answer = yield proceed(call)
        return answer


class Endless:
    def around_turn(self, turn: Turn) -> Any:
        yield from turn


class Beginner:
    def begin(self, clock: Clock) -> Any:
        return None


@every_shape
@pytest.mark.parametrize(
    "policy, words",
    [(Forgetful(), "around_model of .*Forgetful.* returned None, and no Answer"),
     (Hasty(), "around_model of .*Hasty.*no generator.*yield from proceed"),
     (Careless(), "yielded <generator.*no effect.*yield from proceed"),
     (Endless(), "around_turn of .*Endless.* returned None, and no TurnFinished"),
     (Beginner(), "None is no policy")],
    ids=["forgetful", "hasty", "careless", "endless", "beginner"],
)  # fmt: skip
def test_a_slip_is_told_as_one(loopback: Loopback, shape: Shape, policy: Any, words: str) -> None:
    import re

    broker = OPENAI.broker(loopback.url, policies=[policy])
    try:
        error = shape.run(broker, "hi").error
    except BadArgument as problem:
        error = problem
    assert isinstance(error, BadArgument)
    assert re.search(words, str(error))


@both_drivers
def test_its_own_error_reaches_the_caller(loopback: Loopback, shape: Shape) -> None:
    class Strict:
        def around_model(self, call: Call, proceed: Proceed) -> Asking:
            if "secret" in str(call.request.messages[0].content):
                raise errors.BadArgument("No secrets here.")
            return (yield from proceed(call))

    broker = OPENAI.broker(loopback.url, policies=[Strict()])
    assert isinstance(shape.run(broker, "a secret").error, BadArgument)
    assert loopback.requests == []
    assert shape.run(broker, "hi").error is None


def test_it_shows_itself(loopback: Loopback) -> None:
    known = Known()
    broker = LLMBroker("demo", policies=[known])
    assert repr(broker.policies.own) == f"({known!r},)"
