"""Many questions at once against a real server, which counts what it is asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mojentic_nb import Budget, CompletionConfig, FrozenClock, LLMBroker
from mojentic_nb.background import house_loop, wait_for
from mojentic_nb.batch.running import AHEAD, HOPELESS, Run, arun, run
from mojentic_nb.batch.store import ResultStore
from mojentic_nb.batch.summary import Summary
from mojentic_nb.batch.task import Result, Task
from mojentic_nb.errors import BadArgument
from mojentic_nb.hooks.limit import RateLimit
from mojentic_nb.hooks.retry import Retry
from tests.batch.asking import UnderWay, asked_of, broker_at, tasks_of
from tests.loopback import Answer, Fault, Loopback

Taken = dict[int, Result]


def prompts(count: int) -> list[str]:
    return [f"question {number}" for number in range(count)]


def put(into: Taken) -> object:
    def take(task: Task, result: Result) -> None:
        assert task.label not in into
        into[task.label] = result

    return take


def test_every_question_is_asked_once_and_comes_back_once(loopback: Loopback) -> None:
    taken: Taken = {}
    summary = run(tasks_of(broker_at(loopback), prompts(300)), put(taken), concurrency=16)
    assert (summary.n, summary.ok, summary.status) == (300, 300, "complete")
    assert sorted(taken) == list(range(300))
    assert asked_of(loopback) == dict.fromkeys(prompts(300), 1)


def test_a_result_says_how_it_went(loopback: Loopback) -> None:
    loopback.script(Answer("Paris", usage=(7, 2)))
    taken: Taken = {}
    run(tasks_of(broker_at(loopback), ["Capital?"]), put(taken))
    found = taken[0]
    assert (found.ok, found.output, found.provider, found.model) == (
        True,
        "Paris",
        "openai",
        "small",
    )
    assert (found.input_tokens, found.output_tokens, found.finish_reason) == (7, 2, "stop")
    assert (found.retries, found.wait_s, found.stored, found.cold) == (0, 0.0, False, True)
    assert found.ttft_s is None
    assert found.duration_s is not None
    assert found.asked_ns > 0


def test_only_the_first_call_of_a_model_is_cold(loopback: Loopback) -> None:
    taken: Taken = {}
    run(tasks_of(broker_at(loopback), prompts(20)), put(taken), concurrency=1)
    assert [at for at, one in sorted(taken.items()) if one.cold] == [0]


def test_never_more_at_once_than_it_says(loopback: Loopback) -> None:
    loopback.script(*[Answer("slow", delay=0.01)] * 40)
    counting = UnderWay(together=5)
    broker = broker_at(loopback, policies=[counting])
    run(tasks_of(broker, prompts(40)), put({}), concurrency=5)
    assert max(counting.seen) == 5


def test_the_source_is_read_as_it_is_needed(loopback: Loopback) -> None:
    read = 0
    left_at_the_first_answer: list[int] = []

    def source() -> Iterator[Task]:
        nonlocal read
        for task in tasks_of(broker_at(loopback), prompts(AHEAD * 3)):
            read += 1
            yield task

    run(source(), lambda task, result: left_at_the_first_answer.append(read))
    assert left_at_the_first_answer[0] == AHEAD
    assert left_at_the_first_answer[-1] == AHEAD * 3


def test_a_failed_question_is_its_own_result(loopback: Loopback) -> None:
    loopback.script(Answer.error(400, "no such parameter"))
    taken: Taken = {}
    summary = run(tasks_of(broker_at(loopback), prompts(5)), put(taken), concurrency=1)
    assert (summary.ok, summary.errors, summary.status) == (4, 1, "complete")
    assert taken[0].status == "error"
    assert "no such parameter" in taken[0].error_message
    assert taken[0].error_type.startswith("Gateway")


def test_what_a_policy_raises_is_that_rows_result(loopback: Loopback) -> None:
    class Touchy:
        def around_model(self, call, proceed):
            if "question 3" in call.request.messages[-1].content:
                raise ZeroDivisionError("of its own")
            return (yield from proceed(call))

    taken: Taken = {}
    broker = broker_at(loopback, policies=[Touchy()])
    summary = run(tasks_of(broker, prompts(6)), put(taken))
    assert (summary.ok, summary.errors) == (5, 1)
    assert (taken[3].error_type, taken[3].error_message) == ("ZeroDivisionError", "of its own")


def test_whoever_takes_the_results_may_raise(loopback: Loopback) -> None:
    def take(task: Task, result: Result) -> None:
        raise LookupError("nobody wants it")

    with pytest.raises(LookupError, match="nobody wants it"):
        run(tasks_of(broker_at(loopback), prompts(50)), take)


FAULTS = [
    Answer.error(429, "slow down"),
    Answer.error(500, "broken"),
    Answer("Hello, torn", fault=Fault.TORN),
    Answer("Hello", fault=Fault.REFUSED_RESET),
    Answer("Hello", fault=Fault.SILENT_BEFORE_HEADERS),
    Answer(fault=Fault.HTML),
]


def test_one_call_in_twenty_in_trouble_and_the_batch_is_complete(
    loopback: Loopback, tmp_path: Path
) -> None:
    good, times = [Answer("fine")] * 19, 2
    loopback.script(*[one for fault in FAULTS * times for one in (*good, fault)])
    rows, failed = len(good) * len(FAULTS) * times, len(FAULTS) * times
    broker, store = broker_at(loopback, timeout=2), ResultStore(tmp_path / "results.db")
    taken: Taken = {}
    summary = run(tasks_of(broker, prompts(rows)), put(taken), concurrency=16, store=store)
    assert (summary.ok, summary.status) == (rows, "complete")

    # As many more as went wrong: nothing that had succeeded was asked again.
    asked = asked_of(loopback)
    # The last of the script is a failure, and nobody is left to ask for it.
    assert (sum(asked.values()), len(asked), loopback.unused) == (rows + failed - 1, rows, 1)
    assert all(asked[f"question {at}"] > 1 for at, one in taken.items() if one.retries)


def test_a_429_makes_fewer_and_a_wait_holds_for_all(loopback: Loopback) -> None:
    clock = FrozenClock()
    loopback.script(Answer("fine"), Answer.error(429, "later", headers={"retry-after": "7"}))
    work = Run(
        tasks_of(broker_at(loopback, clock=clock), prompts(30)),
        put({}),
        concurrency=10,
    )
    asyncio.run(work.whole())
    (lane,) = work._lanes.values()
    assert lane.pace.episodes == 1
    assert 7 <= lane.pace.limit < 10
    assert max(clock.waits) == 7.0
    assert work.summary.ok == 30


def test_nobody_asks_before_the_provider_allows(loopback: Loopback) -> None:
    clock = FrozenClock()
    loopback.script(Answer.error(429, "later", headers={"retry-after": "7"}))
    broker = broker_at(loopback, clock=clock, retry=Retry(attempts=1))
    run(tasks_of(broker, prompts(3)), put({}), concurrency=1)
    assert clock.waits == [7.0]


def test_a_wait_that_becomes_longer_meanwhile_is_waited_for(loopback: Loopback) -> None:
    class Slowed(FrozenClock):
        async def asleep(self, seconds: float) -> None:
            await super().asleep(seconds)
            if len(self.waits) == 1:
                (lane,) = work._lanes.values()
                lane.pace.slow_down(self.now(), 3.0)

    clock = Slowed()
    loopback.script(Answer.error(429, "later", headers={"retry-after": "7"}))
    broker = broker_at(loopback, clock=clock, retry=Retry(attempts=1))
    work = Run(tasks_of(broker, prompts(2)), put({}), concurrency=1)
    asyncio.run(work.whole())
    assert clock.waits == [7.0, 3.0]


def test_back_off_is_a_wait_that_is_told(loopback: Loopback) -> None:
    loopback.script(Answer.error(429, "later", headers={"retry-after": "7"}))
    taken: Taken = {}
    run(tasks_of(broker_at(loopback), prompts(1)), put(taken))
    assert (taken[0].retries, taken[0].wait_s, taken[0].duration_s) == (1, 7.0, 7.0)


def test_after_a_429_there_really_are_fewer(loopback: Loopback) -> None:
    loopback.script(Answer.error(429, "fewer"))
    counting = UnderWay(together=10)
    broker = broker_at(loopback, retry=Retry(attempts=1), policies=[counting])
    run(tasks_of(broker, prompts(25)), put({}), concurrency=10)
    assert max(counting.seen) == 10
    # Seven, and one more for ten answers: nine at most after twenty.
    assert max(counting.seen[-5:]) < 10


def test_the_second_run_asks_nothing(loopback: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "results.db"
    first: Taken = {}
    run(tasks_of(broker_at(loopback), prompts(30)), put(first), store=ResultStore(path))
    loopback.clear()
    taken: Taken = {}
    summary = run(tasks_of(broker_at(loopback), prompts(30)), put(taken), store=ResultStore(path))
    assert loopback.requests == []
    assert (summary.ok, summary.stored, summary.cost, summary.tokens) == (30, 30, 0.0, 0)
    assert {at: one.output for at, one in taken.items()} == {
        at: one.output for at, one in first.items()
    }


def test_a_second_run_asks_for_what_failed_and_what_is_new(
    loopback: Loopback, tmp_path: Path
) -> None:
    store = ResultStore(tmp_path / "results.db")
    loopback.script(Answer.error(400, "not this one"))
    once = broker_at(loopback, retry=Retry(attempts=1))
    run(tasks_of(once, prompts(10)), put({}), store=store, concurrency=1)
    loopback.clear()
    summary = run(tasks_of(once, prompts(12)), put({}), store=store)
    assert sorted(asked_of(loopback)) == ["question 0", "question 10", "question 11"]
    assert (summary.ok, summary.stored) == (12, 9)


def test_a_used_up_budget_ends_it_cleanly(loopback: Loopback) -> None:
    loopback.script(*[Answer("ok", usage=(50, 50))] * 40)
    taken: Taken = {}
    broker = broker_at(loopback, budget=Budget(tokens=1000))
    summary = run(tasks_of(broker, prompts(40)), put(taken), concurrency=8)
    asked = len(loopback.requests)
    assert summary.status == "stopped"
    assert "left" in summary.reason
    assert (summary.ok, summary.skipped) == (asked, 40 - asked)
    assert 8 <= asked <= 10
    assert sorted(taken) == list(range(40))
    assert {one.error_message for one in taken.values() if one.status == "skipped"} == {
        summary.reason
    }


def test_money_held_by_calls_under_way_is_waited_for(loopback: Loopback) -> None:
    loopback.script(*[Answer("ok", usage=(5, 5), delay=0.005)] * 30)
    # Room for two answers of up to 100 tokens at a time, and for all that is really written.
    broker = broker_at(loopback, budget=Budget(tokens=600))
    broker.config = CompletionConfig(max_tokens=200)
    summary = run(tasks_of(broker, prompts(30)), put({}), concurrency=8)
    assert (summary.ok, summary.status) == (30, "complete")


def test_money_held_for_another_provider_is_waited_for(loopback: Loopback) -> None:
    # Without a bound of its own the one call holds all there is.
    loopback.script(Answer("ok", usage=(5, 5), delay=0.05))
    budget = Budget(tokens=600)
    with Loopback() as other:
        both = [
            *tasks_of(broker_at(loopback, budget=budget), prompts(1)),
            *tasks_of(broker_at(other, budget=budget), prompts(3)),
        ]
        summary = run(both, lambda task, result: None, concurrency=1)
        assert asked_of(other) == dict.fromkeys(prompts(3), 1)
    assert (summary.ok, summary.status) == (4, "complete")


def test_nobody_is_asked_a_thousand_times_for_nothing(loopback: Loopback) -> None:
    loopback.require_key = "another"
    taken: Taken = {}
    summary = run(tasks_of(broker_at(loopback), prompts(500)), put(taken), concurrency=4)
    assert summary.status == "stopped"
    assert HOPELESS <= len(loopback.requests) <= HOPELESS + 4
    assert summary.skipped == 500 - summary.errors
    assert "none was answered" in taken[499].error_message
    assert "sk-batch-secret" not in str(taken)


def test_a_provider_that_has_answered_is_asked_on(loopback: Loopback) -> None:
    refused = [Answer.error(400, "not this one")] * (HOPELESS + 5)
    loopback.script(Answer("fine"), *refused)
    summary = run(tasks_of(broker_at(loopback), prompts(60)), put({}), concurrency=1)
    assert (summary.ok, summary.errors, summary.skipped) == (60 - len(refused), len(refused), 0)


def test_once_it_is_ended_nothing_is_taken_any_more(loopback: Loopback) -> None:
    taken: Taken = {}
    work = Run(tasks_of(broker_at(loopback), prompts(3)), put(taken))
    work.ended()
    asyncio.run(work.whole())
    assert (taken, work.summary.n) == ({}, 0)


def test_after_an_interrupt_nothing_is_taken_any_more() -> None:
    taken: Taken = {}
    has_five, is_over = threading.Event(), threading.Event()

    def take(task: Task, result: Result) -> None:
        taken[task.label] = result
        if len(taken) == 5:
            has_five.set()
            assert is_over.wait(30)

    def between() -> None:
        if has_five.is_set():
            raise KeyboardInterrupt

    # The demo model answers without waiting for anything: the loop goes on by itself.
    with pytest.raises(KeyboardInterrupt):
        run(tasks_of(LLMBroker("demo"), prompts(40)), take, between=between)
    is_over.set()
    wait_for(asyncio.sleep(0))
    assert len(taken) == 5


def test_one_provider_in_trouble_does_not_hold_up_another(loopback: Loopback) -> None:
    with Loopback() as other:
        other.require_key = "another"
        both = [
            task
            for pair in zip(
                tasks_of(broker_at(other), prompts(60)),
                tasks_of(broker_at(loopback), prompts(60)),
                strict=True,
            )
            for task in pair
        ]
        results: list[Result] = []
        summary = run(both, lambda task, result: results.append(result))
    assert summary.ok == 60
    assert summary.errors + summary.skipped == 60
    assert sum(asked_of(loopback).values()) == 60


def test_awaiting_runs_in_the_callers_loop(loopback: Loopback) -> None:
    threads: set[int] = set()

    def take(task: Task, result: Result) -> None:
        threads.add(threading.get_ident())

    summary = asyncio.run(arun(tasks_of(broker_at(loopback), prompts(20)), take))
    assert summary.ok == 20
    assert threads == {threading.get_ident()}


def test_cancelled_it_hangs_up_and_takes_nothing_more(loopback: Loopback) -> None:
    loopback.script(*[Answer("never", fault=Fault.SILENT_BEFORE_HEADERS)] * 4)
    taken: Taken = {}

    async def whole() -> Summary:
        work = Run(tasks_of(broker_at(loopback), prompts(20)), put(taken), concurrency=4)
        task = asyncio.ensure_future(work.whole())
        await asyncio.get_running_loop().run_in_executor(None, loopback.wait_for, 4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return work.summary

    summary = asyncio.run(whole())
    assert (taken, summary.status) == ({}, "partial")
    assert all(seen.hung_up.wait(5) for seen in loopback.wait_for(4))


def test_a_limit_is_a_wait_that_is_told(loopback: Loopback) -> None:
    clock = FrozenClock()
    broker = broker_at(loopback, clock=clock, limit=RateLimit(requests_per_minute=2))
    taken: Taken = {}
    run(tasks_of(broker, prompts(3)), put(taken), concurrency=1)
    assert [taken[at].wait_s for at in range(3)] == [0.0, 0.0, 60.0]
    assert taken[2].duration_s == 60.0


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True, "many", None])
def test_a_concurrency_that_is_none(loopback: Loopback, wrong: object) -> None:
    with pytest.raises(BadArgument, match="concurrency"):
        Run([], put({}), concurrency=wrong)


def test_nothing_to_ask_is_complete() -> None:
    assert run([], put({})).status == "complete"


def test_the_house_loop_may_not_wait_for_itself() -> None:
    async def there() -> None:
        run([], put({}))

    with pytest.raises(BadArgument, match="loop"):
        asyncio.run_coroutine_threadsafe(there(), house_loop()).result(5)
