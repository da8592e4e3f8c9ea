"""Asking again: how often, after how long, and when not; counted at the server.

Law: a frozen clock waits, so that a test of a minute's patience takes a millisecond.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from mojentic_nb import errors
from mojentic_nb.clock import FrozenClock
from mojentic_nb.events import ModelAsked, Retrying
from mojentic_nb.hooks.retry import Retry
from tests.loopback import Answer, Fault, Loopback
from tests.shapes import (
    PROTOCOLS,
    SHAPES,
    Outcome,
    Protocol,
    Shape,
    every_protocol,
    every_shape,
    every_shape_and_object,
    every_streaming_shape,
)

DONE = Answer('{"said": "done"}')
EXACT = Retry(jitter_s=0)


def asked(loopback: Loopback, protocol: Protocol) -> int:
    return sum(seen.path == protocol.path for seen in loopback.requests)


@every_protocol
@every_shape_and_object
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529])
def test_passing_trouble_is_outlived(
    loopback: Loopback, shape: Shape, protocol: Protocol, status: int
) -> None:
    loopback.script(Answer.error(status, "Wait"), Answer.error(status, "Wait"), DONE)
    clock = FrozenClock()
    broker = protocol.broker(loopback.url, retry=EXACT, clock=clock)
    outcome = shape.run(broker, "hi")

    assert outcome.error is None
    assert outcome.text in (DONE.text, "done")
    assert asked(loopback, protocol) == 3
    assert clock.waits == [0.5, 1.0]


@every_protocol
@every_shape
@pytest.mark.parametrize(
    "header, value, least_s",
    [("Retry-After", "7", 7.0), ("retry-after-ms", "1500", 1.5), ("Retry-After", "0.25", 0.5)],
)
def test_a_server_says_how_long_to_wait(
    loopback: Loopback, shape: Shape, protocol: Protocol, header: str, value: str, least_s: float
) -> None:
    loopback.script(Answer.error(429, "Slowly", headers={header: value}), DONE)
    clock = FrozenClock()
    outcome = shape.run(protocol.broker(loopback.url, retry=EXACT, clock=clock), "hi")

    assert outcome.error is None
    assert clock.waits == [least_s]


@every_protocol
@every_shape
def test_a_server_says_until_when_to_wait(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    loopback.script(Answer.error(503, "Later", headers={"retry-after": until}), DONE)
    clock = FrozenClock()
    outcome = shape.run(protocol.broker(loopback.url, retry=EXACT, clock=clock), "hi")

    assert outcome.error is None
    assert 30 < clock.waits[0] <= 40


@every_protocol
@every_shape
@pytest.mark.parametrize("value", ["nan", "-3", "soon", "", "Mon, 99 Foo 2020"])
def test_nonsense_in_retry_after_is_no_reason_to_wait_longer(
    loopback: Loopback, shape: Shape, protocol: Protocol, value: str
) -> None:
    loopback.script(Answer.error(429, "Slowly", headers={"retry-after": value}), DONE)
    clock = FrozenClock()
    outcome = shape.run(protocol.broker(loopback.url, retry=EXACT, clock=clock), "hi")

    assert outcome.error is None
    assert clock.waits == [0.5]


@every_protocol
@every_shape
@pytest.mark.parametrize("value, told", [("3600", "3600 s"), ("1e999", "inf s")])
def test_too_long_a_wait_is_not_waited_and_told(
    loopback: Loopback, shape: Shape, protocol: Protocol, value: str, told: str
) -> None:
    loopback.script(Answer.error(429, "Tomorrow", headers={"retry-after": value}))
    clock = FrozenClock()
    outcome = shape.run(protocol.broker(loopback.url, retry=EXACT, clock=clock), "hi")

    assert isinstance(outcome.error, errors.GatewayBusy)
    assert outcome.error.retry_after_s == float(value)
    assert told in outcome.error.hint
    assert asked(loopback, protocol) == 1
    assert clock.waits == []


@every_protocol
@every_shape
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 501])
def test_a_no_stays_a_no(loopback: Loopback, shape: Shape, protocol: Protocol, status: int) -> None:
    loopback.script(Answer.error(status, "No"))
    outcome = shape.run(protocol.broker(loopback.url, retry=EXACT, clock=FrozenClock()), "hi")

    assert isinstance(outcome.error, errors.GatewayStatus)
    assert asked(loopback, protocol) == 1


@every_protocol
@every_shape
@pytest.mark.parametrize(
    "spoiled",
    [
        Answer("one", fault=Fault.TORN, fault_after=0),
        Answer("one", fault=Fault.TRUNCATED, fault_after=0),
        Answer(fault=Fault.EMPTY),
        Answer(fault=Fault.REFUSED_RESET),
        Answer("one", fault=Fault.ERROR_FRAME, fault_after=0),
    ],
)
def test_what_breaks_before_its_first_word_is_asked_again(
    loopback: Loopback, shape: Shape, protocol: Protocol, spoiled: Answer
) -> None:
    loopback.script(spoiled, DONE)
    outcome = shape.run(protocol.broker(loopback.url, retry=EXACT, clock=FrozenClock()), "hi")

    assert outcome == Outcome(text=DONE.text, events=outcome.events)
    assert asked(loopback, protocol) == 2


@every_protocol
@every_streaming_shape
@pytest.mark.parametrize("fault", [Fault.TORN, Fault.TRUNCATED, Fault.ERROR_FRAME])
@pytest.mark.parametrize("words", [{"text": "one two"}, {"text": "", "thinking": "hm hm"}])
def test_nothing_is_asked_again_after_its_first_word(
    loopback: Loopback, shape: Shape, protocol: Protocol, fault: Fault, words: dict[str, str]
) -> None:
    loopback.script(Answer(**words, fault=fault, fault_after=1))
    outcome = shape.run(protocol.broker(loopback.url, retry=EXACT, clock=FrozenClock()), "hi")

    assert isinstance(outcome.error, errors.GatewayError)
    assert outcome.error.has_begun
    assert asked(loopback, protocol) == 1


@every_protocol
@every_shape
def test_a_closed_door_is_not_knocked_at_again(shape: Shape, protocol: Protocol) -> None:
    clock = FrozenClock()
    outcome = shape.run(protocol.broker("http://127.0.0.1:9", retry=EXACT, clock=clock), "hi")

    assert isinstance(outcome.error, errors.GatewayUnreachable)
    assert clock.waits == []


@every_protocol
@every_shape
@pytest.mark.parametrize("where", ["broker", "call"])
def test_patience_is_settable(
    loopback: Loopback, shape: Shape, protocol: Protocol, where: str
) -> None:
    loopback.script(*[Answer.error(503, "No")] * 9)
    chosen = {"retry": Retry(attempts=5, base_s=1, cap_s=3, jitter_s=0)}
    given, options = (chosen, {}) if where == "broker" else ({}, chosen)
    clock = FrozenClock()
    shape.run(protocol.broker(loopback.url, clock=clock, **given), "hi", **options)

    assert asked(loopback, protocol) == 5
    assert clock.waits == [1, 2, 3, 3]


@every_protocol
@every_shape
def test_everybody_is_told(loopback: Loopback, shape: Shape, protocol: Protocol) -> None:
    loopback.script(Answer.error(503, "No"), DONE)
    told = []
    broker = protocol.broker(loopback.url, retry=EXACT, clock=FrozenClock())
    broker.subscribe(lambda envelope: told.append(envelope.event))
    shape.run(broker, "hi")

    assert [type(event) for event in told[:3]] == [ModelAsked, Retrying, ModelAsked]
    assert told[1].attempt == 1
    assert told[1].wait_s == 0.5
    assert told[1].error.status == 503


@pytest.mark.parametrize("shape", [SHAPES[0], SHAPES[6]], ids=repr)
def test_jitter_parts_many_clients(loopback: Loopback, shape: Shape) -> None:
    waits = set()
    for _ in range(3):
        loopback.script(Answer.error(503, "No"), DONE)
        clock = FrozenClock()
        shape.run(PROTOCOLS[0].broker(loopback.url, retry=Retry(), clock=clock), "hi")
        waits.update(clock.waits)

    assert len(waits) == 3
    assert all(0.5 <= wait_s <= 1.0 for wait_s in waits)
