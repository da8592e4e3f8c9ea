"""What may be spent: held before, settled after, and never spent twice over."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from typing import Any

import pytest

from mojentic_nb import Budget, LLMBroker, LLMMessage, ResponseCache, errors, tool
from mojentic_nb.clock import FrozenClock
from mojentic_nb.config import CompletionConfig, Timeouts
from mojentic_nb.effects import Call
from mojentic_nb.events import BudgetSpent, TurnFailed
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.hooks.budget import Money, bound, bounded
from mojentic_nb.request import ChatRequest, ToolSpec
from tests.hooks.costly import costly, listened, register_costly
from tests.loopback import Answer, Fault, Loopback, ToolUse
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


@pytest.fixture(autouse=True)
def _priced() -> None:
    register_costly()


@every_protocol
@every_shape
def test_a_call_is_paid(loopback: Loopback, shape: Shape, protocol: Protocol) -> None:
    loopback.script(Answer("It is so.", usage=(20, 5)))
    budget = Budget(usd=100, tokens=100_000)
    broker = costly(protocol, loopback.url, budget=budget)
    told = listened(broker, BudgetSpent)
    assert shape.run(broker, "Is it?").error is None

    assert budget.spent == Money(pytest.approx(0.03), 25)
    assert budget.remaining == Money(pytest.approx(99.97), 99_975)
    assert told == [
        BudgetSpent(pytest.approx(0.03), 25, pytest.approx(99.97), 99_975, False),
    ]


@every_protocol
@every_shape_and_object
@pytest.mark.parametrize("bound", [{"usd": 0.005}, {"tokens": 5}], ids=["usd", "tokens"])
def test_what_is_beyond_is_not_sent(
    loopback: Loopback, shape: Shape, protocol: Protocol, bound: dict[str, Any]
) -> None:
    budget = Budget(**bound)
    outcome = shape.run(costly(protocol, loopback.url, budget=budget), "hello " * 20)

    assert isinstance(outcome.error, errors.BudgetExceeded)
    assert loopback.requests == []
    assert budget.spent in (Money(0.0, None), Money(None, 0))
    assert budget.remaining == Money(bound.get("usd"), bound.get("tokens"))


def test_the_error_says_what_it_would_cost_and_what_is_left(loopback: Loopback) -> None:
    broker = costly(OPENAI, loopback.url, budget=Budget(usd=0.01, tokens=3))
    with pytest.raises(errors.BudgetExceeded) as found:
        broker.generate("hello there")

    words = str(found.value)
    assert "$0.01 and 3 tokens of $0.01 and 3 tokens are left" in words
    assert "costs at least $0.0" in words
    assert "nothing was sent" in words
    assert "hold the rest" not in words


@pytest.mark.parametrize(
    "usd, shown",
    [(0, "$0"), (100.0, "$100"), (0.25, "$0.25"), (0.0312, "$0.0312"), (0.00001234, "$0.000012"),
     (0.005, "$0.005"), (1e6, "$1000000"), (float("inf"), "$inf")],
)  # fmt: skip
def test_an_amount_is_never_shown_as_nothing(usd: float, shown: str) -> None:
    assert str(Money(usd)) == shown


def test_what_is_left_is_shown(loopback: Loopback) -> None:
    loopback.script(Answer("yes", usage=(20, 5)))
    budget = Budget(usd=1, tokens=20_000)
    costly(OPENAI, loopback.url, budget=budget).generate("hi")

    shown = "Budget($0.03 and 25 tokens spent, $0.97 and 19,975 tokens left)"
    assert repr(budget) == shown


def asked_for(loopback: Loopback, protocol: Protocol) -> Any:
    """The bound that the last request set to its answer."""
    body = loopback.requests[-1].body
    if protocol is OLLAMA:
        return body["options"]["num_predict"]

    return body.get("max_completion_tokens") or body["max_tokens"]


@every_protocol
@every_shape
def test_an_answer_is_bound_to_what_is_left(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    broker = costly(protocol, loopback.url, budget=Budget(tokens=1000))
    shape.run(broker, "hi", max_tokens=5000)
    assert 900 < asked_for(loopback, protocol) < 1000

    shape.run(broker, "hi", max_tokens=50)
    assert asked_for(loopback, protocol) == 50


def test_an_answer_without_a_bound_gets_one(loopback: Loopback) -> None:
    costly(OPENAI, loopback.url, budget=Budget(tokens=10**9)).generate("hi")
    assert asked_for(loopback, OPENAI) == 16_384


def test_an_answer_is_bound_by_dollars_too(loopback: Loopback) -> None:
    broker = costly(OPENAI, loopback.url, budget=Budget(usd=1.0))
    broker.generate("hi")
    # A dollar is 500 tokens of an answer, and the prompt is paid from it too.
    assert 450 < asked_for(loopback, OPENAI) < 500


def test_several_answers_share_what_is_left(loopback: Loopback) -> None:
    broker = costly(OPENAI, loopback.url, budget=Budget(tokens=1000))
    broker.generate("hi", n=4)
    assert 200 < asked_for(loopback, OPENAI) < 250


def test_writing_to_the_providers_cache_is_held_at_its_price(loopback: Loopback) -> None:
    # About 1100 tokens read for 1.1 dollars, or for 1.4 where they are also kept.
    budget = Budget(usd=1.25)
    broker = costly(ANTHROPIC, loopback.url, budget=budget)
    with pytest.raises(errors.BudgetExceeded):
        broker.generate("word " * 900, cache_prompt=True, max_tokens=1)
    assert broker.generate("word " * 900, max_tokens=1)


@every_shape
def test_a_request_near_the_end_of_it_is_really_counted(loopback: Loopback, shape: Shape) -> None:
    # By its length alone this is 70 tokens; by its marks it is 130 and more.
    broker = costly(OPENAI, loopback.url, budget=Budget(tokens=120))
    outcome = shape.run(broker, "{}[];:,." * 30, max_tokens=5)
    assert isinstance(outcome.error, errors.BudgetExceeded)
    assert loopback.requests == []


@both_drivers
def test_several_rounds_are_paid_one_by_one(loopback: Loopback, shape: Shape) -> None:
    @tool
    def look() -> str:
        """Look."""
        return "a bird"

    loopback.script(
        Answer("hm", tools=[ToolUse("look")], usage=(60, 40)), Answer("A bird.", usage=(90, 10))
    )
    budget = Budget(tokens=1000)
    assert shape.run(costly(OPENAI, loopback.url, budget=budget), "hi", tools=[look]).error is None
    assert budget.spent == Money(None, 200)

    loopback.script(Answer("hm", tools=[ToolUse("look")], usage=(60, 40)))
    budget = Budget(tokens=100)
    broker = costly(OPENAI, loopback.url, budget=budget)
    told = listened(broker, TurnFailed)
    outcome = shape.run(broker, "hi", tools=[look])
    assert isinstance(outcome.error, errors.BudgetExceeded)
    assert len(told) == 1
    assert len(loopback.requests) == 3


def test_two_brokers_spend_from_one(loopback: Loopback) -> None:
    budget = Budget(tokens=100)
    loopback.script(*[Answer("x", usage=(40, 5))] * 2)
    costly(OPENAI, loopback.url, budget=budget).generate("hi", max_tokens=10)
    costly(OLLAMA, loopback.url, budget=budget).generate("hi", max_tokens=10)
    assert budget.spent == Money(None, 90)
    with pytest.raises(errors.BudgetExceeded):
        costly(OLLAMA, loopback.url, budget=budget).generate("hi", max_tokens=10)


@every_shape
def test_threads_do_not_overspend_together(loopback: Loopback, shape: Shape) -> None:
    budget = Budget(tokens=100)
    loopback.script(*[Answer("a b", usage=(11, 1), pace=0.002)] * 12)

    def one(_: int) -> Any:
        broker = costly(OPENAI, loopback.url, budget=budget)
        return shape.run(broker, "hi", max_tokens=30)

    with ThreadPoolExecutor(12) as threads:
        outcomes = list(threads.map(one, range(12)))

    failed = [outcome.error for outcome in outcomes if outcome.error is not None]
    assert all(isinstance(error, errors.BudgetExceeded) for error in failed)
    assert len(loopback.requests) == 12 - len(failed)
    # All twelve cost 144.
    assert budget.spent == Money(None, 12 * len(loopback.requests))
    assert 0 < budget.spent.tokens <= 100


def test_tasks_of_one_loop_do_not_overspend_together(loopback: Loopback) -> None:
    budget = Budget(usd=0.11)
    loopback.script(*[Answer("a b", usage=(10, 20), pace=0.002)] * 8)
    broker = costly(OPENAI, loopback.url, budget=budget)

    async def all_at_once() -> list[Any]:
        calls = [broker.agenerate("hi", max_tokens=20) for _ in range(8)]
        return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = asyncio.run(all_at_once())
    failed = [one for one in outcomes if isinstance(one, errors.BudgetExceeded)]
    assert len(failed) == 6
    assert "Calls under way hold the rest." in str(failed[0])
    assert budget.spent == Money(pytest.approx(0.10))


def test_what_calls_under_way_may_need_is_not_left(loopback: Loopback) -> None:
    loopback.script(Answer("one two", fault=Fault.SILENT, fault_after=1))
    budget = Budget(tokens=1000)
    broker = costly(OPENAI, loopback.url, budget=budget)
    job = broker.submit("hi", max_tokens=900)
    loopback.wait_for(1)
    assert budget.remaining.tokens is not None
    assert budget.remaining.tokens < 100
    with pytest.raises(errors.BudgetExceeded, match="Calls under way hold the rest"):
        broker.generate("hi " * 100)

    job.cancel()
    with pytest.raises(errors.JobCancelled):
        job.result(timeout=10)
    assert loopback.requests[0].hung_up.wait(5)
    assert budget.remaining.tokens > 900


@every_shape
def test_an_answer_from_the_cache_costs_nothing(loopback: Loopback, shape: Shape) -> None:
    loopback.script(Answer("yes", usage=(20, 5)))
    budget = Budget(tokens=40)
    broker = costly(OPENAI, loopback.url, budget=budget, cache=ResponseCache())
    for _ in range(3):
        assert shape.run(broker, "hi", max_tokens=10).text == "yes"
    assert budget.spent == Money(None, 25)


@every_shape
def test_a_price_that_nobody_knows_is_a_mistake(loopback: Loopback, shape: Shape) -> None:
    broker = LLMBroker("nobody-knows", OPENAI.gateway(loopback.url), budget=Budget(usd=1))
    outcome = shape.run(broker, "hi")
    assert isinstance(outcome.error, errors.BadArgument)
    assert "openai:nobody-knows" in str(outcome.error)
    assert "register_model('openai', 'nobody-knows'" in str(outcome.error)
    assert loopback.requests == []


def test_tokens_need_no_price(loopback: Loopback) -> None:
    broker = LLMBroker("nobody-knows", OPENAI.gateway(loopback.url), budget=Budget(tokens=1000))
    assert broker.generate("hi")


@every_shape
def test_what_is_free_needs_no_dollars(shape: Shape) -> None:
    budget = Budget(usd=0)
    assert shape.run(LLMBroker("demo", DemoGateway(), budget=budget), "hi").error is None
    assert budget.spent == Money(0.0)


def test_a_bound_that_is_never_reached(loopback: Loopback) -> None:
    budget = Budget(usd=float("inf"))
    costly(OPENAI, loopback.url, budget=budget).generate("hi")
    assert budget.remaining == Money(float("inf"))


def test_a_clock_that_goes_backwards_changes_nothing(loopback: Loopback) -> None:
    class Backwards(FrozenClock):
        def now(self) -> float:
            self._now -= 100.0
            return self._now

    loopback.script(Answer("yes", usage=(20, 5)))
    budget = Budget(usd=1, tokens=20_000)
    broker = costly(OPENAI, loopback.url, budget=budget, clock=Backwards())
    assert broker.generate("hi") == "yes"
    assert budget.spent == Money(pytest.approx(0.03), 25)


@pytest.mark.parametrize(
    "wrong",
    [{}, {"usd": -1}, {"tokens": -1}, {"usd": float("nan")}, {"usd": "5"}, {"usd": True},
     {"tokens": 1.5}, {"tokens": "5"}, {"tokens": False}, {"tokens": float("inf")}],
    ids=repr,
)  # fmt: skip
def test_a_bound_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.BadArgument):
        Budget(**wrong)


def test_nothing_of_a_request_is_lost_when_it_is_bound() -> None:
    request = ChatRequest(
        model="m",
        messages=(LLMMessage.user("hi"),),
        tools=(ToolSpec(name="t", description="", parameters={}),),
        schema={"type": "object"},
        schema_name="n",
        stream=False,
        timeouts=Timeouts(),
        is_last=True,
        is_json=True,
        deadline_at=3.0,
        is_aside=True,
    )
    call = Call(request=request, gateway=DemoGateway(), round=3)
    config = request.config.model_copy(update={"max_tokens": 7})
    assert bound(call, 7) == replace(call, request=replace(request, config=config))
    unset = [one.name for one in fields(request) if getattr(request, one.name) == one.default]
    assert unset == []


def test_each_call_is_bound_by_itself() -> None:
    one, other = CompletionConfig(), CompletionConfig(temperature=0.5)
    made = [bounded(config, tokens) for config in (one, one, other) for tokens in (7, 7, 8)]
    assert [config.max_tokens for config in made] == [7, 7, 8] * 3
    assert [config.temperature for config in made] == [one.temperature] * 6 + [0.5] * 3
