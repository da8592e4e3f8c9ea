"""What a call costs that goes wrong: lies, breaks, retries, other models."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mojentic_nb import Budget, catalogue, errors
from mojentic_nb.clock import FrozenClock
from mojentic_nb.events import BudgetSpent, TextDelta, UsageDoubted
from mojentic_nb.hooks.budget import Money
from mojentic_nb.hooks.retry import Retry
from tests.hooks.costly import costly, listened, register_costly
from tests.loopback import Answer, Fault, Loopback
from tests.shapes import (
    PROTOCOLS,
    Protocol,
    Shape,
    both_drivers,
    every_protocol,
    every_shape,
    every_streaming_shape,
)

OLLAMA, OPENAI, ANTHROPIC = PROTOCOLS

FAST = Retry(attempts=3, jitter_s=0)


@pytest.fixture(autouse=True)
def _priced() -> None:
    register_costly()


@every_protocol
@every_streaming_shape
def test_an_answer_longer_than_it_was_allowed_is_kept_and_paid(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    loopback.script(Answer("word " * 60, usage=(10, 60)))
    budget = Budget(tokens=40)
    broker = costly(protocol, loopback.url, budget=budget)
    outcome = shape.run(broker, "hi")
    assert (outcome.error, outcome.text) == (None, "word " * 60)
    assert budget.spent == Money(None, 70)
    assert budget.remaining == Money(None, 0)

    assert isinstance(shape.run(broker, "hi").error, errors.BudgetExceeded)
    assert len(loopback.requests) == 1


@every_protocol
@every_shape
@pytest.mark.parametrize(
    "lie", [(0, 0), (-5, -7), (11, 0), (10**9, 7), (11, 10**9)], ids=repr
)  # fmt: skip
def test_a_lie_is_not_believed(
    loopback: Loopback, shape: Shape, protocol: Protocol, lie: tuple[int, int]
) -> None:
    loopback.script(Answer("This is what there is to say.", usage=lie))
    budget = Budget(tokens=20_000)
    broker = costly(protocol, loopback.url, budget=budget)
    told = listened(broker, BudgetSpent, UsageDoubted)
    assert shape.run(broker, "What is there to say?").error is None

    doubted, spent = told
    assert isinstance(doubted, UsageDoubted)
    assert spent.is_estimate
    assert 10 < budget.spent.tokens < 60
    assert spent.tokens == budget.spent.tokens == doubted.taken.total_tokens


@both_drivers
def test_where_nothing_is_said_ours_counts(loopback: Loopback, shape: Shape) -> None:
    body = b'{"choices":[{"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}]}'
    stream = (
        b'data: {"choices":[{"delta":{"content":"yes"},"finish_reason":null}]}\n\n'
        b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    )
    loopback.script(Answer(body=stream if shape.streams else body))
    budget = Budget(tokens=1000)
    broker = costly(OPENAI, loopback.url, budget=budget)
    told = listened(broker, UsageDoubted)
    assert shape.run(broker, "hi").text == "yes"
    assert told[0].told.total_tokens is None
    assert 0 < budget.spent.tokens < 20


@every_protocol
@every_streaming_shape
def test_an_answer_that_broke_off_is_charged(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    loopback.script(Answer("word " * 50, fault=Fault.TORN, fault_after=40))
    budget = Budget(tokens=20_000)
    broker = costly(protocol, loopback.url, budget=budget)
    told = listened(broker, BudgetSpent)
    outcome = shape.run(broker, "hi")
    assert isinstance(outcome.error, errors.GatewayTorn)
    # 40 words of 5 letters, and the request.
    assert 50 < budget.spent.tokens < 90
    assert [(one.tokens, one.is_estimate) for one in told] == [(budget.spent.tokens, True)]


@every_streaming_shape
def test_thoughts_that_broke_off_are_charged(loopback: Loopback, shape: Shape) -> None:
    loopback.script(Answer("word", thinking="hm " * 200, fault=Fault.TORN, fault_after=150))
    budget = Budget(tokens=20_000)
    outcome = shape.run(costly(OLLAMA, loopback.url, budget=budget), "hi")
    assert isinstance(outcome.error, errors.GatewayTorn)
    assert budget.spent.tokens > 50


@every_protocol
def test_an_answer_the_reader_left_is_charged(loopback: Loopback, protocol: Protocol) -> None:
    loopback.script(Answer("word " * 50))
    budget = Budget(tokens=20_000)
    pieces = costly(protocol, loopback.url, budget=budget).generate_stream("hi")
    for _, _piece in zip(range(30), pieces, strict=False):
        pass
    pieces.close()  # as an interrupt does

    assert 30 < budget.spent.tokens < 90
    assert budget.remaining.tokens == 20_000 - budget.spent.tokens


def test_an_answer_left_in_the_loop_is_charged(loopback: Loopback) -> None:
    loopback.script(Answer("word " * 50, fault=Fault.SILENT, fault_after=30))
    budget = Budget(tokens=20_000)
    broker = costly(OPENAI, loopback.url, budget=budget)

    async def left() -> None:
        events = broker.agenerate_events("hi")
        seen = 0
        async for event in events:
            seen += isinstance(event, TextDelta)
            if seen == 30:
                break
        await events.aclose()

    asyncio.run(left())
    assert 30 < budget.spent.tokens < 90


@every_shape
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_what_is_refused_costs_nothing(loopback: Loopback, shape: Shape, status: int) -> None:
    loopback.script(Answer.error(status, "No"))
    budget = Budget(usd=100, tokens=20_000)
    broker = costly(OPENAI, loopback.url, budget=budget)
    told = listened(broker, BudgetSpent)
    assert shape.run(broker, "hi").error is not None
    assert (budget.spent, told) == (Money(0.0, 0), [])
    assert budget.remaining == Money(100, 20_000)


@both_drivers
def test_silence_may_cost_what_was_sent(loopback: Loopback, shape: Shape) -> None:
    loopback.script(Answer(fault=Fault.SILENT_BEFORE_HEADERS))
    budget = Budget(tokens=20_000)
    broker = costly(OPENAI, loopback.url, budget=budget)
    assert isinstance(shape.run(broker, "word " * 50, timeout=0.1).error, errors.GatewayTimeout)
    assert 50 < budget.spent.tokens < 100


@every_shape
def test_each_attempt_is_charged(loopback: Loopback, shape: Shape) -> None:
    torn = Answer("x", fault=Fault.TORN, fault_after=0)
    loopback.script(torn, Answer.error(503, "No"), Answer("yes", usage=(60, 5)))
    budget = Budget(tokens=20_000)
    broker = costly(OPENAI, loopback.url, budget=budget, retry=FAST, clock=FrozenClock())
    told = listened(broker, BudgetSpent)
    assert shape.run(broker, "word " * 50).text == "yes"
    assert [one.is_estimate for one in told] == [True, False]
    assert 50 < told[0].tokens < 100
    assert budget.spent.tokens == told[0].tokens + 65


def test_nothing_is_held_while_an_attempt_waits(loopback: Loopback) -> None:
    loopback.script(Answer.error(503, "No"), Answer("yes"))
    budget = Budget(tokens=20_000)
    left: list[Any] = []

    class Watched(FrozenClock):
        def sleep(self, seconds: float) -> None:
            left.append(budget.remaining.tokens)

    costly(OPENAI, loopback.url, budget=budget, retry=FAST, clock=Watched()).generate("hi")
    assert left == [20_000]


@every_shape
def test_who_is_fallen_back_on_is_charged_at_its_price(loopback: Loopback, shape: Shape) -> None:
    catalogue.register_model("ollama", "costly", price={"input": 1.0, "output": 1.0})
    torn = Answer("x", fault=Fault.TORN, fault_after=0)
    loopback.script(torn, Answer("yes", usage=(600_000, 400_000)))
    budget = Budget(usd=100)
    broker = costly(OPENAI, loopback.url, budget=budget, fallback=[OLLAMA.gateway(loopback.url)])
    told = listened(broker, BudgetSpent)
    assert shape.run(broker, "word " * 50, max_tokens=400).error is None
    dear, cheap = told
    assert 0.05 < dear.usd < 0.1
    assert 0 < cheap.usd < 0.001
    assert budget.spent.usd == pytest.approx(dear.usd + cheap.usd)
