"""A whole turn in time: calls, waits, tools; in every shape.

Law: where a server is silent the deadline is a few hundredths of a real second, and the
server never speaks; nothing depends on how fast a machine is.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from mojentic_nb import LLMBroker, RateLimit, errors, tool
from mojentic_nb.clock import FrozenClock
from mojentic_nb.events import Limited, Retrying, TurnFailed
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.hooks.retry import Retry
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.shapes import (
    PROTOCOLS,
    Protocol,
    Shape,
    both_drivers,
    every_protocol,
    every_shape,
    every_shape_and_object,
    every_streaming_shape,
)

OPENAI = PROTOCOLS[1]
SHORT_S = 0.08


@every_protocol
@every_shape_and_object
def test_a_server_that_says_nothing_is_left(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    loopback.script(Answer(fault=Fault.SILENT_BEFORE_HEADERS))
    outcome = shape.run(protocol.broker(loopback.url), "hi", deadline=SHORT_S)

    assert isinstance(outcome.error, errors.DeadlineExceeded)
    assert outcome.error.partial == ""
    assert "deadline" in str(outcome.error)
    # Where the machine was too slow to send anything at all, nobody has to be hung up on.
    assert all(seen.hung_up.wait(5) for seen in loopback.requests)


@every_protocol
@every_streaming_shape
def test_what_had_come_is_kept(loopback: Loopback, shape: Shape, protocol: Protocol) -> None:
    broker = protocol.broker(loopback.url)
    shape.run(broker, "what is loaded on first use is loaded now")
    loopback.script(Answer("one two three", fault=Fault.SILENT, fault_after=2))
    outcome = shape.run(broker, "hi", deadline=0.5)

    assert isinstance(outcome.error, errors.DeadlineExceeded)
    assert outcome.error.partial == outcome.text == "one two "
    assert outcome.error.has_begun
    assert loopback.wait_for(2)[1].hung_up.wait(5)


@every_streaming_shape
def test_an_answer_that_never_ends_is_cut(loopback: Loopback, shape: Shape) -> None:
    # Each piece comes well within any patience; only all of them take too long.
    loopback.script(Answer(chunks=["word "] * 1000, pace=0.01))
    outcome = shape.run(OPENAI.broker(loopback.url, deadline=0.3), "hi")

    assert isinstance(outcome.error, errors.DeadlineExceeded)
    assert outcome.error.partial == outcome.text
    assert set(outcome.text.split()) <= {"word"}
    assert all(seen.hung_up.wait(5) for seen in loopback.requests)


@every_shape
def test_a_connection_left_in_time_serves_the_next_call(loopback: Loopback, shape: Shape) -> None:
    broker = OPENAI.broker(loopback.url)
    for deadline in (30.0, None, 30.0):
        assert shape.run(broker, "hi", deadline=deadline).text == "Hello from loopback."

    if "agenerate" not in shape.name:  # asyncio.run ends the loop, and with it its connections
        assert {seen.connection for seen in loopback.requests} == {1}


@every_shape
def test_a_wait_that_would_pass_it_is_not_begun(loopback: Loopback, shape: Shape) -> None:
    loopback.script(Answer.error(429, "Slowly", headers={"Retry-After": "30"}))
    clock, told = FrozenClock(), []
    broker = OPENAI.broker(loopback.url, retry=Retry(), clock=clock, deadline=10)
    broker.subscribe(lambda envelope: told.append(type(envelope.event)))
    outcome = shape.run(broker, "hi")

    assert isinstance(outcome.error, errors.DeadlineExceeded)
    assert outcome.error.is_early
    assert "Slowly" in str(outcome.error)
    assert clock.waits == []
    assert Retrying not in told
    assert told[-1] is TurnFailed
    assert len(loopback.requests) == 1


@both_drivers
def test_a_place_that_comes_too_late_is_not_waited_for(loopback: Loopback, shape: Shape) -> None:
    clock, told = FrozenClock(), []
    limit = RateLimit(requests_per_minute=1)
    broker = OPENAI.broker(loopback.url, clock=clock, limit=limit, deadline=10)
    broker.generate("hi")
    broker.subscribe(lambda envelope: told.append(type(envelope.event)))
    outcome = shape.run(broker, "hi")

    assert isinstance(outcome.error, errors.DeadlineExceeded)
    assert Limited not in told
    assert clock.waits == []


@both_drivers
def test_nobody_stands_in_line_longer(loopback: Loopback, shape: Shape) -> None:
    loopback.script(Answer("one two", fault=Fault.SILENT, fault_after=1))
    limit = RateLimit(concurrent=1)
    job = OPENAI.broker(loopback.url, limit=limit).submit("hi")
    loopback.wait_for(1)
    outcome = shape.run(OPENAI.broker(loopback.url, limit=limit, deadline=SHORT_S), "hi")

    assert isinstance(outcome.error, errors.DeadlineExceeded)
    assert len(loopback.requests) == 1
    job.cancel()
    assert OPENAI.broker(loopback.url, limit=limit).generate("hi") == "Hello from loopback."


@every_shape
def test_retries_are_made_while_there_is_time(loopback: Loopback, shape: Shape) -> None:
    loopback.script(*[Answer.error(503, "No")] * 9)
    clock = FrozenClock()
    retry = Retry(attempts=9, base_s=1, cap_s=1, jitter_s=0)
    outcome = shape.run(OPENAI.broker(loopback.url, retry=retry, clock=clock, deadline=3.5), "hi")

    assert isinstance(outcome.error, errors.DeadlineExceeded)
    assert clock.waits == [1, 1, 1]
    assert len(loopback.requests) == 4


def looks(loopback: Loopback) -> None:
    loopback.script(Answer("let me see", tools=[ToolUse("look")]), Answer("never asked"))


@every_shape
def test_after_it_no_further_call_is_made(loopback: Loopback, shape: Shape) -> None:
    looks(loopback)
    clock = FrozenClock()

    @tool
    def look() -> str:
        """Look."""
        clock.sleep(60)
        return "seen"

    outcome = shape.run(OPENAI.broker(loopback.url, clock=clock, deadline=10), "hi", tools=[look])

    assert isinstance(outcome.error, errors.DeadlineExceeded)
    assert outcome.error.partial == "let me see"
    assert len(loopback.requests) == 1


@every_shape
@pytest.mark.parametrize("is_async", [False, True])
def test_a_tool_is_left_too(loopback: Loopback, shape: Shape, is_async: bool) -> None:
    looks(loopback)

    @tool
    def look() -> str:
        """Look for a long time."""
        while True:
            time.sleep(0.001)

    @tool(name="look")
    async def alook() -> str:
        """Look for a long time."""
        await asyncio.sleep(3600)
        return "seen"

    broker = OPENAI.broker(loopback.url, deadline=0.3)
    outcome = shape.run(broker, "hi", tools=[alook if is_async else look])

    assert isinstance(outcome.error, errors.DeadlineExceeded)
    assert len(loopback.requests) <= 1  # on a busy machine it may be over before the first


def test_it_begins_with_the_turn_and_not_with_the_plan() -> None:
    clock = FrozenClock()
    broker = LLMBroker("demo", DemoGateway(pace_s=0), clock=clock, deadline=1)
    events = broker.generate_events("hi")
    clock.sleep(100)

    assert list(events)


@both_drivers
def test_the_demo_model_is_cut_too(shape: Shape) -> None:
    clock = FrozenClock()
    broker = LLMBroker("demo", DemoGateway(pace_s=1.0, clock=clock), clock=clock, deadline=3.5)
    outcome = shape.run(broker, "Tell me of the sea")

    assert isinstance(outcome.error, errors.DeadlineExceeded)
    assert len(outcome.text.split()) == 3


@pytest.mark.parametrize("seconds", [0, -1, "soon", True, float("nan")])
@pytest.mark.parametrize("where", ["broker", "call"])
def test_no_time_at_all_is_a_mistake(seconds: Any, where: str) -> None:
    with pytest.raises(errors.BadArgument, match="deadline"):
        if where == "broker":
            LLMBroker("demo", deadline=seconds)
        else:
            LLMBroker("demo").generate("hi", deadline=seconds)
