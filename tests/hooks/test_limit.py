"""How fast a provider is asked: in line, by the minute, at once, and after a 429.

Law: a frozen clock waits. Where calls wait for each other they really do, and the test
holds the answer that lets them go on.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mojentic_nb import RateLimit, errors
from mojentic_nb.clock import FrozenClock
from mojentic_nb.events import Limited, ModelAnswered, ModelAsked
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.hooks.rates import pause_s
from tests.loopback import Answer, Fault, Loopback
from tests.shapes import (
    ONCE,
    PROTOCOLS,
    Protocol,
    Shape,
    both_drivers,
    every_protocol,
    every_shape,
)

OLLAMA, OPENAI, ANTHROPIC = PROTOCOLS


@every_shape
def test_ten_a_minute_and_the_eleventh_waits(loopback: Loopback, shape: Shape) -> None:
    clock = FrozenClock()
    broker = OPENAI.broker(loopback.url, limit=RateLimit(requests_per_minute=10), clock=clock)
    for _ in range(10):
        assert shape.run(broker, "hi").error is None
    assert clock.waits == []

    told: list[Any] = []
    broker.subscribe(lambda envelope: told.append(envelope.event))
    assert shape.run(broker, "hi").error is None
    assert clock.waits == [60.0]
    assert told[0] == Limited("openai", 60.0)


def test_a_minute_later_nobody_waits(loopback: Loopback) -> None:
    clock = FrozenClock()
    broker = OPENAI.broker(loopback.url, limit=RateLimit(requests_per_minute=1), clock=clock)
    broker.generate("hi")
    clock.sleep(59)
    broker.generate("hi")
    clock.sleep(60)
    broker.generate("hi")

    assert clock.waits == [59, 1.0, 60]


def test_one_limit_holds_for_all_brokers_of_a_provider(loopback: Loopback) -> None:
    clock, limit = FrozenClock(), RateLimit(requests_per_minute=2)
    one, other = (OPENAI.broker(loopback.url, limit=limit, clock=clock) for _ in range(2))
    elsewhere = ANTHROPIC.broker(loopback.url, limit=limit, clock=clock)
    for broker in (one, other, elsewhere, elsewhere):
        broker.generate("hi")
    assert clock.waits == []

    other.generate("hi")
    assert clock.waits == [60.0]


@both_drivers
def test_tokens_count_as_the_provider_says(loopback: Loopback, shape: Shape) -> None:
    clock = FrozenClock()
    broker = OPENAI.broker(loopback.url, limit=RateLimit(tokens_per_minute=100), clock=clock)
    loopback.script(Answer("one", usage=(50, 40)), Answer("two", usage=(5, 2)))
    shape.run(broker, "hi")
    shape.run(broker, "hi" * 40)  # about 30 tokens: more than the 10 that are left
    assert clock.waits == [60.0]

    shape.run(broker, "hi")
    assert clock.waits == [60.0]


def test_a_call_larger_than_a_minute_goes_when_it_is_alone(loopback: Loopback) -> None:
    clock = FrozenClock()
    broker = OPENAI.broker(loopback.url, limit=RateLimit(tokens_per_minute=10), clock=clock)
    broker.generate("hi " * 100)
    broker.generate("hi " * 100)

    assert clock.waits == [60.0]


@every_protocol
@every_shape
def test_all_callers_wait_after_a_429(loopback: Loopback, shape: Shape, protocol: Protocol) -> None:
    clock, limit = FrozenClock(), RateLimit()
    hit = protocol.broker(loopback.url, limit=limit, clock=clock)
    other = protocol.broker(loopback.url, limit=limit, clock=clock)
    loopback.script(Answer.error(429, "Slowly", headers={"Retry-After": "7"}))
    assert isinstance(shape.run(hit, "hi").error, errors.GatewayBusy)
    assert clock.waits == []

    assert shape.run(other, "hi").error is None
    assert clock.waits == [7.0]


def test_too_long_a_pause_is_told_at_once_and_nothing_is_sent(loopback: Loopback) -> None:
    clock, limit = FrozenClock(), RateLimit()
    broker = OPENAI.broker(loopback.url, limit=limit, clock=clock)
    loopback.script(Answer.error(429, "Tomorrow", headers={"Retry-After": "3600"}))
    for _ in range(2):
        with pytest.raises(errors.GatewayBusy) as found:
            broker.generate("hi")

    assert "3600 s" in str(found.value)
    assert "longest_wait_s" in found.value.hint
    assert len(loopback.requests) == 1
    assert clock.waits == []


@both_drivers
@pytest.mark.parametrize(
    "protocol, headers",
    [
        (OPENAI, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6s"}),
        (OPENAI, {"X-RateLimit-Remaining-Requests": "9", "x-ratelimit-remaining-tokens": "0",
                  "x-ratelimit-reset-tokens": "6000ms"}),
        (ANTHROPIC, {"anthropic-ratelimit-requests-remaining": "0",
                     "anthropic-ratelimit-requests-reset":
                         (datetime.now(UTC) + timedelta(hours=1)).isoformat()}),
    ],
)  # fmt: skip
def test_an_answer_says_when_the_next_may_be_asked(
    loopback: Loopback, shape: Shape, protocol: Protocol, headers: dict[str, str]
) -> None:
    clock, limit = FrozenClock(), RateLimit(longest_wait_s=4000)
    broker = protocol.broker(loopback.url, limit=limit, clock=clock)
    loopback.script(Answer("one", headers=headers))
    shape.run(broker, "hi")
    shape.run(broker, "hi")

    assert len(clock.waits) == 1
    assert clock.waits == [6.0] or 3000 < clock.waits[0] <= 3600


@pytest.mark.parametrize(
    "reset, seconds",
    [("1s", 1), ("6m0s", 360), ("120ms", 0.12), ("1h2m3.5s", 3723.5), ("17", 17), ("0", 0),
     ("", 0), ("soon", 0), ("-5", 0), ("nan", 0), ("2001-01-01T00:00:00Z", 0), ("9x", 0)],
)  # fmt: skip
def test_a_reset_is_read_in_whatever_form(reset: str, seconds: float) -> None:
    told = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": reset}
    assert pause_s(told) == pytest.approx(seconds)
    assert pause_s({**told, "x-ratelimit-remaining-requests": "3"}) == 0


def test_an_answer_keeps_only_the_headers_that_are_about_limits(loopback: Loopback) -> None:
    told = {"x-ratelimit-remaining-requests": "5", "set-cookie": "sk-a-secret-of-theirs"}
    loopback.script(Answer("one", headers=told), Answer("two", headers={"set-cookie": "x"}))
    broker = OPENAI.broker(loopback.url)
    answers = [
        event.answer
        for _ in range(2)
        for event in broker.generate_events("hi")
        if isinstance(event, ModelAnswered)
    ]
    assert [dict(answer.headers) for answer in answers] == [
        {"x-ratelimit-remaining-requests": "5"},
        {},
    ]


class AtOnce:
    """How many calls are between being asked and being answered, by the events."""

    def __init__(self) -> None:
        self.most = self.now = 0
        self._lock = threading.Lock()

    def __call__(self, envelope: Any) -> None:
        step = {ModelAsked: 1, ModelAnswered: -1}.get(type(envelope.event), 0)
        with self._lock:
            self.now += step
            self.most = max(self.most, self.now)


@every_shape
def test_only_so_many_calls_run_at_once(loopback: Loopback, shape: Shape) -> None:
    seen = AtOnce()
    limit = RateLimit(concurrent=2)
    loopback.script(*[Answer("a b c d", pace=0.002)] * 8)

    def one(_: int) -> Any:
        broker = OPENAI.broker(loopback.url, limit=limit)
        broker.subscribe(seen)
        return shape.run(broker, "hi")

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(one, range(8)))

    assert [str(outcome.text) for outcome in outcomes] == ["a b c d"] * 8
    assert (seen.most, seen.now) == (2, 0)


def silent(loopback: Loopback, limit: RateLimit) -> Any:
    """A call that has a place and whose answer never ends."""
    loopback.script(Answer("one two three", fault=Fault.SILENT, fault_after=1))
    job = OPENAI.broker(loopback.url, limit=limit).submit("hi")
    loopback.wait_for(1)
    return job


@both_drivers
def test_a_place_is_free_again_after_an_error(loopback: Loopback, shape: Shape) -> None:
    broker = OPENAI.broker(loopback.url, limit=RateLimit(concurrent=1))
    loopback.script(Answer.error(400, "No"), Answer("one", fault=Fault.TORN, fault_after=0))
    assert shape.run(broker, "hi").error is not None
    assert shape.run(broker, "hi").error is not None
    assert shape.run(broker, "hi").error is None


def test_a_place_is_free_again_when_the_reader_goes(loopback: Loopback) -> None:
    broker = OPENAI.broker(loopback.url, limit=RateLimit(concurrent=1))
    for _ in range(3):
        for _piece in broker.generate_stream("hi"):
            break

    assert broker.generate("hi") == "Hello from loopback."


def test_a_place_is_free_again_when_a_job_is_cancelled(loopback: Loopback) -> None:
    limit = RateLimit(concurrent=1)
    job = silent(loopback, limit)
    waiting = OPENAI.broker(loopback.url, limit=limit).submit("hi")
    next(event for event in waiting.events() if isinstance(event, Limited))
    job.cancel()

    assert waiting.result(timeout=10) == "Hello from loopback."


def test_who_leaves_the_line_holds_up_nobody(loopback: Loopback) -> None:
    limit = RateLimit(concurrent=1)
    job = silent(loopback, limit)
    broker = OPENAI.broker(loopback.url, limit=limit)
    leaving, staying = broker.submit("leaving"), broker.submit("staying")
    for one in (leaving, staying):
        assert next(event for event in one.events()) == Limited("openai", None)
    leaving.cancel()
    job.cancel()

    assert staying.result(timeout=10) == "Hello from loopback."
    assert loopback.requests[-1].body["messages"][0]["content"] == "staying"


def test_an_interrupt_ends_the_wait_in_line(loopback: Loopback) -> None:
    limit = RateLimit(concurrent=1)
    job = silent(loopback, limit)
    broker = OPENAI.broker(loopback.url, limit=limit)
    events = broker.generate_events("hi")
    assert next(events) == Limited("openai", None)
    events.close()  # as an interrupt does, once it has left the driver's wait
    job.cancel()

    assert broker.generate("hi") == "Hello from loopback."


@pytest.mark.parametrize("name", ["requests_per_minute", "tokens_per_minute", "concurrent"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "3", True])
def test_a_bound_that_makes_no_sense_is_refused(name: str, value: Any) -> None:
    with pytest.raises(errors.BadArgument, match=name):
        RateLimit(**{name: value})


def test_it_shows_its_bounds() -> None:
    shown = repr(RateLimit(requests_per_minute=10, concurrent=4))
    assert shown == "RateLimit(requests_per_minute=10, concurrent=4)"


def test_a_limit_of_another_kind_is_refused() -> None:
    from mojentic_nb import LLMBroker

    with pytest.raises(errors.BadArgument, match="limit=10"):
        LLMBroker("demo", DemoGateway(), limit=10, retry=ONCE)
